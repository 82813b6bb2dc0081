"""What photos of one room share beside their preferences: what the room is, and the look of the first finished picture.

The lite engine needs no picture: the same style, colours, room and seed choose the same materials. An engine that draws
takes the first finished picture of the group as its style image. So one job of a group goes first, and the others wait
for its picture, for at most half of the time that they have.
"""

import asyncio
import time
from typing import Final

from gateway.clients.diffusion import Catalogue
from gateway.jobs import object_keys
from gateway.jobs.groups.store import RoomGroups
from gateway.worker.pipeline.run import Run
from servicekit.errors import NotFound
from servicekit.jobstore import ENDINGS, JobStore
from servicekit.observability import logs
from servicekit.storage import ObjectStore
from servicekit.types.rooms import RoomType

log = logs.get(__name__)

POLL_SECONDS: Final = 0.5
REPEATABLE: Final = "lite"
"""The engine that makes the same of the same request without a picture to go by."""


class GroupLook:
    """Asks the group. For a job without one every method leaves all as it is."""

    def __init__(self, groups: RoomGroups, *, job_store: JobStore, store: ObjectStore) -> None:
        self._groups = groups
        self._job_store = job_store
        self._store = store

    async def room_type(self, run: Run, found: RoomType | None) -> RoomType | None:
        """What the room is in all jobs of the group; raises Unavailable."""
        word = run.request.preferences.group
        if not word or run.request.preferences.room_type:
            return found
        return await run.with_retries(lambda: self._groups.agreed_room(found, tenant=run.claim.job.tenant, word=word))

    async def style_image(self, run: Run, engine: Catalogue) -> bytes:
        """The picture to go by, JPEG: the group's first, else the caller's own, else none."""
        word = run.request.preferences.group
        if not word or engine.engine == REPEATABLE or not engine.takes_style_image:
            return run.style_image
        await run.claim.wait_for_device()
        until = time.monotonic() + run.seconds_left / 2
        while time.monotonic() < until:
            picture = await self._picture(run, word)
            if picture is not None:
                return picture
            if await self._leads(run, word):
                return run.style_image
            await asyncio.sleep(POLL_SECONDS)  # until the first picture is there, or its job has ended without one
        run.warnings.append("The group's first picture was not ready in time; this one was made without it.")
        return run.style_image

    async def offer(self, run: Run, key: str) -> None:
        """Makes a stored picture the one that the others follow, unless there is one."""
        word = run.request.preferences.group
        if word:
            await run.with_retries(lambda: self._groups.offer_picture(key, tenant=run.claim.job.tenant, word=word))

    async def _picture(self, run: Run, word: str) -> bytes | None:
        tenant = run.claim.job.tenant
        key = await run.with_retries(lambda: self._groups.picture(tenant=tenant, word=word))
        if not key or key.startswith(object_keys.folder(run.job_id)):
            return None
        try:
            return await run.with_retries(lambda: self._store.get(key))
        except NotFound:
            log.info("the first picture of a group is gone", key=key)
            await self._groups.delete_picture(key, tenant=tenant, word=word)
            return None

    async def _leads(self, run: Run, word: str) -> bool:
        """Whether this job goes first; makes way where the one that did has ended without a picture."""
        tenant = run.claim.job.tenant
        leader = await run.with_retries(lambda: self._groups.leader(run.job_id, tenant=tenant, word=word))
        if leader == run.job_id:
            return True
        if await self._has_ended(leader):
            await self._groups.delete_leader(leader, tenant=tenant, word=word)
        return False

    async def _has_ended(self, job_id: str) -> bool:
        try:
            return (await self._job_store.get(job_id)).status in ENDINGS
        except NotFound:
            return True
