"""The notifier's side: what has happened to a job, and what is happening to all of them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from servicekit.jobstore import Event, catalog
from servicekit.jobstore.redis import records
from servicekit.jobstore.redis.connection import RedisRole
from servicekit.jobstore.redis.settings import JobStoreSettings
from servicekit.jobstore.redis.upkeep import Upkeep


class RedisEventLog(RedisRole):
    """An EventLog on Redis: one stream a job, one Pub/Sub channel for all.

    Whoever listens does the upkeep as well, so that deadlines are kept while no worker is alive.
    """

    def __init__(self, settings: JobStoreSettings) -> None:
        super().__init__(settings)
        self._upkeep = Upkeep(self._redis, settings)

    async def read(self, job_id: str, *, after: int = 0) -> Sequence[Event]:
        """All events that follow `after`; raises NotFound, Unavailable."""
        keys = self._redis.keys
        known, entries = await self._redis.atomically(
            ("EXISTS", keys.job(job_id)), ("XRANGE", keys.events(job_id), f"({after}-0", "+")
        )
        if not known:
            raise catalog.unknown_job()
        return [records.event(fields["event"]) for _entry_id, fields in entries]

    @asynccontextmanager
    async def announcements(self) -> AsyncIterator[AsyncIterator[Event]]:
        """Every event as it is written, over one subscription; entering and iterating raise Unavailable."""
        async with self._redis.subscribed(self._redis.keys.event_channel) as texts, self._upkeep.running():
            yield (records.event(text) async for text in texts)
