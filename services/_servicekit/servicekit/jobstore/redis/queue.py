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
from servicekit.jobstore.redis.wakeups import Wakeups


class RedisWorkQueue(RedisRole):
    """A WorkQueue on Redis; upkeep and wake-ups run in the background from the first claim to `close`."""

    def __init__(self, settings: JobStoreSettings) -> None:
        super().__init__(settings)
        self._settings = settings
        self._upkeep = Upkeep(self._redis, settings)
        self._claiming = asyncio.Lock()
        self._background: list[asyncio.Task[None]] = []
        self._open: set[RedisClaim] = set()
        self._wakeups = Wakeups(
            self._redis,
            poll_seconds=min(1.0, settings.joblog_idle_seconds / 6),
            subscribed=self._has_changed,
            happened=self._has_changed,
        )
        self._unsure: set[tuple[str, str]] = set()

    async def claim(self) -> Claim:
        """Waits for a job, also while the server does not answer; several callers get theirs one after another."""
        async with self._claiming:
            self._start_background()
            await self._release_unsure()
            backoff = Backoff()
            while True:
                self._wakeups.expect()
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
                    await self._wakeups.wait()

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
            self._background = [asyncio.create_task(self._upkeep.run()), asyncio.create_task(self._wakeups.listen())]
        for task in self._background:
            if task.done():
                task.result()  # they end by an unexpected exception only, which must not go unheard

    def _has_changed(self, job_id: str = "") -> None:
        """Has the holder of a job's lease look at it, or the holders of all."""
        for claim in self._open:
            if job_id in ("", claim.job.job_id):
                claim.wakeup()

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
