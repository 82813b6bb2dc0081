"""Deletes what has expired: old stage results, and all objects of jobs that are no more."""

import asyncio

from gateway.jobs import object_keys
from gateway.jobs.purger import Purger
from gateway.jobs.stage_cache import StageCache
from servicekit.errors import NotFound, ServiceError
from servicekit.jobstore import JobStore
from servicekit.observability import logs
from servicekit.storage import ObjectStore, delete_all

log = logs.get(__name__)


class Sweeper:
    """Sweeps the object store again and again. Any number of them may run on one store."""

    def __init__(
        self, *, store: ObjectStore, job_store: JobStore, cache: StageCache, purger: Purger, pause_seconds: float
    ) -> None:
        self._purger = purger
        self._store = store
        self._job_store = job_store
        self._cache = cache
        self._pause = pause_seconds
        self._unknown: set[str] = set()

    async def run(self) -> None:
        """Sweeps until it is cancelled; what fails is tried again the next time."""
        while True:
            try:
                await self.sweep()
            except ServiceError as error:
                log.warning("not swept", problem=str(error))
            await asyncio.sleep(self._pause)  # between two sweeps

    async def sweep(self) -> None:
        """Sweeps once; raises Unavailable.

        A photo is stored just before its job is made, so a job counts as expired when it is unknown in two sweeps in a
        row. A purge that broke off is completed.
        """
        await self._cache.sweep()
        folders = {
            key.removeprefix(object_keys.PREFIX).partition("/")[0] async for key in self._store.list(object_keys.PREFIX)
        }
        unknown = {job_id for job_id in folders if not await self._exists(job_id)}
        for job_id in unknown & self._unknown:
            removed = await delete_all(self._store, object_keys.folder(job_id))
            log.info("expired job swept", expired=job_id, objects=removed)
        self._unknown = unknown

    async def _exists(self, job_id: str) -> bool:
        try:
            job = await self._job_store.get(job_id)
            if job.purging:
                await self._purger.purge(job_id, message=job.message)
        except NotFound:
            return False
        return True
