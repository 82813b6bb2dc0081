"""What must happen in time though no job asks for it: deadlines, and retries that are due."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from servicekit.backoff import Backoff
from servicekit.errors import Unavailable
from servicekit.jobstore.redis import records
from servicekit.jobstore.redis.connection import Store
from servicekit.jobstore.redis.settings import JobStoreSettings
from servicekit.observability import logs

log = logs.get(__name__)

BATCH: Final = 100


class Upkeep:
    """Does the upkeep again and again. Any number of processes may do so at once: each step checks what it changes."""

    def __init__(self, store: Store, settings: JobStoreSettings) -> None:
        self._store = store
        self._interval = min(1.0, settings.joblog_idle_seconds / 6)

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Runs beside a block."""
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
        keys = self._store.keys
        for job_id in await self._due(keys.delayed):
            await self._store.run("requeue", job_id)
        for job_id in await self._due(keys.deadlines):
            await self._store.run("expire", job_id, records.failures())

    async def _due(self, key: str) -> list[str]:
        """Jobs whose time in a sorted set has come, by the server's clock."""
        ((seconds, microseconds),) = await self._store.atomically(("TIME",))
        now = seconds * 1000 + microseconds // 1000
        (due,) = await self._store.atomically(("ZRANGEBYSCORE", key, 0, now, "LIMIT", 0, BATCH))
        return list(due)
