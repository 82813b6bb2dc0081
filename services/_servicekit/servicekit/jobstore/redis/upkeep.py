"""What becomes due without a request: deadlines that have passed, and retries whose delay is over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from servicekit.backoff import Backoff
from servicekit.errors import Unavailable
from servicekit.jobstore.redis import records
from servicekit.jobstore.redis.connection import RedisConnection
from servicekit.jobstore.redis.settings import JobStoreSettings
from servicekit.observability import logs

log = logs.get(__name__)

BATCH: Final = 100


class Upkeep:
    """Does what is due, again and again. Several processes may do so at once: each script checks before it acts."""

    def __init__(self, redis: RedisConnection, settings: JobStoreSettings) -> None:
        self._redis = redis
        self._interval = min(1.0, settings.joblog_idle_seconds / 6)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs beside the block."""
        task = asyncio.create_task(self.run(), name="upkeep")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def run(self) -> None:
        """Until it is cancelled."""
        backoff = Backoff()
        while True:
            try:
                await self.once()
            except Unavailable:
                await backoff.wait()
            else:
                backoff.reset()
                await asyncio.sleep(self._interval)

    async def once(self) -> None:
        """Raises Unavailable."""
        keys = self._redis.keys
        for job_id in await self._redis.due(keys.delayed, limit=BATCH):
            await self._redis.run("requeue", job_id)
        for job_id in await self._redis.due(keys.deadlines, limit=BATCH):
            await self._redis.run("fail_overdue", job_id, records.failures())
