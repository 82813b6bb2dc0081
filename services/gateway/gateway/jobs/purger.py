"""Deletes what a job has put into the object store, and what the cache of stages knows of its photo."""

import msgspec

from gateway.jobs import object_keys, request
from gateway.jobs.groups.store import RoomGroups
from gateway.jobs.stage_cache import of_photo, photo_id
from servicekit.errors import NotFound, ServiceError
from servicekit.jobstore import Job, JobStore
from servicekit.observability import logs
from servicekit.storage import ObjectStore, delete_all

log = logs.get(__name__)


class Purger:
    """Deletes a job with all its objects: ends and marks the job, deletes its objects, then deletes its record.

    So a purge that breaks off can be asked for again, and one that was answered has left nothing.
    """

    def __init__(self, *, store: ObjectStore, job_store: JobStore, groups: RoomGroups) -> None:
        self._store = store
        self._job_store = job_store
        self._groups = groups

    async def purge(self, job_id: str, *, message: str) -> None:
        """Deletes a job whole, also while it runs; raises NotFound, Unavailable."""
        job = await self._job_store.begin_purge(job_id, message=message)
        removed = await self.remove_objects(job)
        await self._job_store.finish_purge(job_id)
        log.info("job purged", objects=removed)

    async def remove_objects(self, job: Job) -> int:
        """Deletes a job's pictures and stage results; returns how many there were. Raises Unavailable.

        Its group forgets it.
        """
        removed = await delete_all(self._store, object_keys.folder(job.job_id))
        try:
            asked = request.decode(job.payload)
        except msgspec.MsgspecError:  # of another version: its stage results go when they are too old
            log.warning("a photo is not known any more", purged=job.job_id)
            return removed
        if word := asked.preferences.group:
            await self._groups.leave(job.job_id, tenant=job.tenant, word=word)
        photo = photo_id(job.tenant, asked.photo_digest)
        return removed + await delete_all(self._store, of_photo(photo))

    async def purge_leftovers(self, job: Job) -> None:
        """For a worker that lost a job: where the job was purged, deletes what the worker has written since."""
        try:
            if not await self._is_gone(job.job_id):
                return
            removed = await self.remove_objects(job)
        except ServiceError as error:
            log.warning("left to the sweeper", problem=str(error))
        else:
            log.info("cleared up after a purged job", objects=removed)

    async def _is_gone(self, job_id: str) -> bool:
        try:
            return (await self._job_store.get(job_id)).purging
        except NotFound:
            return True
