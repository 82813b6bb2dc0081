"""The worker's side: claims jobs that wait, and takes over those whose workers have died."""

import asyncio
import time
import uuid
from contextlib import suppress

from servicekit.backoff import Backoff
from servicekit.errors import Unavailable
from servicekit.jobstore import Claim
from servicekit.jobstore.redis import records
from servicekit.jobstore.redis.claim import Lease, RedisClaim
from servicekit.jobstore.redis.connection import RedisRole
from servicekit.jobstore.redis.settings import JobStoreSettings
from servicekit.jobstore.redis.upkeep import Upkeep


class RedisWorkQueue(RedisRole):
    """A WorkQueue on Redis; upkeep and wake-ups run in the background from the first claim to `close`."""

    def __init__(self, settings: JobStoreSettings) -> None:
        super().__init__(settings)
        self._settings = settings
        self._upkeep = Upkeep(self._redis, settings)
        self._claiming = asyncio.Lock()
        self._background: list[asyncio.Task[None]] = []
        self._open: set[RedisClaim] = set()
        self._poll_seconds = min(1.0, settings.joblog_idle_seconds / 6)
        self._job_waits = asyncio.Event()
        self._unsure: set[tuple[str, str]] = set()

    async def claim(self) -> Claim:
        """Waits for a job, also while the server does not answer; several callers get theirs one after another."""
        async with self._claiming:
            self._start_background()
            await self._release_unsure()
            backoff = Backoff()
            while True:
                self._job_waits.clear()
                try:
                    job_id = await self._redis.peek()
                    lease = await self._try_to_claim(job_id) if job_id else None
                except Unavailable:
                    await backoff.wait()
                    continue
                backoff.reset()
                if lease:
                    claim = RedisClaim(self._redis, self._settings, lease, on_closed=self._open.discard)
                    self._open.add(claim)
                    return claim
                if not job_id:
                    await self._until_a_job_waits()

    async def close(self) -> None:
        """Claims no more; jobs that are still claimed here are free for other workers at once."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        for claim in tuple(self._open):
            await claim.release()
        await self._release_unsure()
        await super().close()

    def _start_background(self) -> None:
        if not self._background:
            self._background = [asyncio.create_task(self._upkeep.run()), asyncio.create_task(self._listen())]
        for task in self._background:
            if task.done():
                task.result()  # they end by an unexpected exception only, which must not go unheard

    async def _until_a_job_waits(self) -> None:
        """Until a wake-up says so, or for a while: leases expire without one, and wake-ups may be lost."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._poll_seconds):
                await self._job_waits.wait()

    async def _try_to_claim(self, job_id: str) -> Lease | None:
        """Leases a job; None where another worker was faster, or the job must not run (again)."""
        token = uuid.uuid4().hex
        retry_until = time.monotonic() + self._settings.joblog_idle_seconds
        self._unsure.add((job_id, token))  # until there is an answer: this call may be cancelled meanwhile
        answer = await self._redis.run_with_retries(
            "claim",
            job_id,
            token,
            round(self._settings.joblog_idle_seconds * 1000),
            self._settings.joblog_max_deliveries,
            records.failures(),
            seconds_left=lambda: retry_until - time.monotonic(),
        )
        self._unsure.discard((job_id, token))
        if answer is None:
            return None
        now, deadline, flat = answer
        fields = records.fields(flat)
        return Lease(
            job=records.job(job_id, fields, queue_position=0),
            token=token,
            seq=int(fields["seq"]),
            seconds_left=(float(deadline) - now) / 1000,
            run_seconds=int(fields["run_ms"]) / 1000,
        )

    async def _release_unsure(self) -> None:
        """Releases jobs that were perhaps claimed by calls that got no answer."""
        for job_id, token in tuple(self._unsure):
            with suppress(Unavailable):  # then their lease expires by itself
                await self._redis.run("release", job_id, token)
            self._unsure.discard((job_id, token))

    async def _listen(self) -> None:
        """Passes wake-ups on to whom they concern; without them, both would notice a little later."""
        backoff = Backoff()
        while True:
            try:
                async with self._redis.subscribed(self._redis.keys.wakeup_channel) as job_ids:
                    backoff.reset()
                    self._job_waits.set()
                    for claim in self._open:
                        claim.wakeup()
                    async for job_id in job_ids:
                        if not job_id:
                            self._job_waits.set()
                        for claim in self._open:
                            if claim.job.job_id == job_id:
                                claim.wakeup()
            except Unavailable:
                await backoff.wait()
