"""The worker's side: new jobs, and those whose workers have died."""

import asyncio
import os
import socket
import time
import uuid
from typing import Any, Final, TypeAlias

from redis.exceptions import ResponseError

from servicekit import logs
from servicekit.backoff import Backoff
from servicekit.errors import Unavailable
from servicekit.joblog import Claim
from servicekit.joblog.redis import records
from servicekit.joblog.redis.claim import RedisClaim, Taken
from servicekit.joblog.redis.settings import JobLogSettings
from servicekit.joblog.redis.store import Store, guarded
from servicekit.joblog.redis.upkeep import Upkeep

log = logs.get(__name__)

GROUP: Final = "workers"

Entry: TypeAlias = tuple[str, str]
"""Id in the stream, job id."""


class RedisWorkQueue:
    """A WorkQueue on Redis: one consumer of the group, with work in the background from the first claim to `close`."""

    def __init__(self, settings: JobLogSettings) -> None:
        self._store = Store(settings)
        self._settings = settings
        self._upkeep = Upkeep(self._store, settings)
        self._consumer = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._reading = asyncio.Lock()
        self._background: list[asyncio.Task[None]] = []
        self._open: set[RedisClaim] = set()
        self._interval = min(1.0, settings.joblog_idle_seconds / 6)
        self._next_takeover = 0.0

    async def claim(self) -> Claim:
        """Waits for a job, however long the store does not answer; several callers get theirs one after another."""
        async with self._reading:
            self._work_in_background()
            backoff = Backoff()
            while True:
                try:
                    entry = await self._next_entry()
                    taken = await self._take(*entry) if entry else None
                except Unavailable:
                    await backoff.wait()
                    continue
                backoff.reset()
                if taken:
                    claim = RedisClaim(self._store, self._settings, taken, on_closed=self._open.discard)
                    self._open.add(claim)
                    return claim

    async def check(self) -> None:
        """Raises Unavailable where the server does not answer."""
        await self._store.check()

    async def close(self) -> None:
        """Leaves the group; jobs that are still claimed here are free for other workers at once."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        for claim in tuple(self._open):
            await claim.abandon()
        try:
            await self._store.run_on_queue("leave", self._consumer, self._idle_ms)
        except Unavailable:
            log.warning("left without a goodbye; jobs of this worker are taken over after the idle limit")
        await self._store.close()

    @property
    def _idle_ms(self) -> int:
        return round(self._settings.joblog_idle_seconds * 1000)

    def _work_in_background(self) -> None:
        if not self._background:
            self._background = [asyncio.create_task(self._upkeep.run()), asyncio.create_task(self._listen())]
        for task in self._background:
            if task.done():
                task.result()  # they end by an unexpected exception only, which must not go unheard

    async def _next_entry(self) -> Entry | None:
        """An abandoned entry when it is time to look for one, else a new one; None when neither came for a while."""
        with guarded():
            try:
                if time.monotonic() >= self._next_takeover:
                    if entry := await self._abandoned_entry():
                        return entry
                    self._next_takeover = time.monotonic() + self._interval
                return await self._new_entry()
            except ResponseError as error:
                if "NOGROUP" not in str(error):  # nothing was ever submitted, or the store was emptied
                    raise
                await self._create_group()
                return None

    async def _new_entry(self) -> Entry | None:
        seconds = min(self._interval, self._settings.redis_timeout_seconds / 2)  # to wait is not to time out
        streams: Any = await self._store.listener.xreadgroup(
            GROUP, self._consumer, {self._store.keys.queue: ">"}, count=1, block=round(seconds * 1000)
        )
        for _stream, entries in streams:
            for entry_id, fields in entries:
                return entry_id, fields["job"]
        return None

    async def _abandoned_entry(self) -> Entry | None:
        """Makes an entry ours whose consumer has been silent for the idle limit; one, since we can work on no more."""
        cursor = "0-0"
        while True:
            cursor, entries, _deleted = await self._store.client.xautoclaim(
                self._store.keys.queue, GROUP, self._consumer, self._idle_ms, cursor, count=1
            )
            for entry_id, fields in entries:
                return entry_id, fields["job"]
            if cursor == "0-0":
                return None

    async def _take(self, entry_id: str, job_id: str) -> Taken | None:
        """Becomes the job's owner; None where there is nothing (more) to do."""
        token = uuid.uuid4().hex
        patience_ends = time.monotonic() + self._settings.joblog_idle_seconds
        answer = await self._store.persist(
            "take",
            job_id,
            token,
            self._consumer,
            entry_id,
            self._settings.joblog_max_deliveries,
            records.failures(),
            patience=lambda: patience_ends - time.monotonic(),
        )
        if answer is None:
            return None
        now, deadline, flat = answer
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        return Taken(
            job=records.job(job_id, fields, queue_position=0),
            consumer=self._consumer,
            token=token,
            seconds_left=(float(deadline) - now) / 1000,
        )

    async def _create_group(self) -> None:
        try:
            await self._store.client.xgroup_create(self._store.keys.queue, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):  # somebody else was faster
                raise

    async def _listen(self) -> None:
        """Passes nudges on to the claims that they are about; without them, a heartbeat would notice later."""
        backoff = Backoff()
        while True:
            try:
                async with self._store.subscribed(self._store.keys.nudge_channel) as job_ids:
                    backoff.reset()
                    for claim in self._open:
                        claim.nudge()
                    async for job_id in job_ids:
                        for claim in self._open:
                            if claim.job.job_id == job_id:
                                claim.nudge()
            except Unavailable:
                await backoff.wait()
