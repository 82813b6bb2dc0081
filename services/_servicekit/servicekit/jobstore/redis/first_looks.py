"""The side of those who make first looks: takes jobs as they come, and shows a picture of each."""

import asyncio
import time
from typing import Final

from servicekit.backoff import Backoff
from servicekit.errors import Unavailable
from servicekit.jobstore import ENDINGS, Job
from servicekit.jobstore.redis import records
from servicekit.jobstore.redis.connection import RedisRole
from servicekit.jobstore.redis.settings import JobStoreSettings
from servicekit.jobstore.redis.wakeups import Wakeups

POLL_SECONDS: Final = 1.0
SHOW_SECONDS: Final = 5.0
"""For how long a picture is offered to a server that does not answer."""


class RedisFirstLooks(RedisRole):
    """FirstLooks on Redis. A job is taken out of its set for good: whoever dies with it leaves it without one."""

    def __init__(self, settings: JobStoreSettings) -> None:
        super().__init__(settings)
        self._wakeups = Wakeups(self._redis, poll_seconds=POLL_SECONDS)
        self._listening: asyncio.Task[None] | None = None
        self._taking = asyncio.Lock()

    async def take(self) -> Job:
        """Waits for a job, also while the server does not answer; several callers get theirs one after another."""
        async with self._taking:
            if self._listening is None:
                self._listening = asyncio.create_task(self._wakeups.listen())
            backoff = Backoff()
            while True:
                self._wakeups.expect()
                try:
                    job = await self._pop()
                except Unavailable:
                    await backoff.wait()
                    continue
                backoff.reset()
                if job:
                    return job
                await self._wakeups.wait()

    async def show(self, job_id: str, preview_key: str) -> bool:
        """Adds the picture to the job's log, unless it comes too late; raises Unavailable."""
        until = time.monotonic() + SHOW_SECONDS
        answer: str = await self._redis.run_with_retries(
            "show", job_id, preview_key, seconds_left=lambda: until - time.monotonic()
        )
        return answer == "ok"

    async def close(self) -> None:
        """Takes no more."""
        if self._listening:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await super().close()

    async def _pop(self) -> Job | None:
        """The next job that still wants a first look; None where there is none. Raises Unavailable."""
        while True:
            (answer,) = await self._redis.atomically(("ZPOPMIN", self._redis.keys.looks))
            if not answer:
                return None
            ((job_id, _turn),) = records.scored(answer)
            found = await self._redis.run("read", job_id)
            if found is None:
                continue
            job = records.job(job_id, records.fields(found[0]), queue_position=found[1], work_ahead=found[2])
            if job.status not in ENDINGS and not job.preview_key:
                return job
