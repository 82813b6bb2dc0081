"""Pictures of the unfinished result: kept in the store, then announced."""

import asyncio
from typing import Final

from gateway.jobs import object_keys
from gateway.worker.pipeline.run import Run
from servicekit.errors import ServiceError
from servicekit.observability import logs
from servicekit.storage import ObjectStore

log = logs.get(__name__)

SETTLE_SECONDS: Final = 0.5
"""How long a preview that is being stored may still take once the result is there."""


class Previews:
    """Shows one job's previews. A preview that fails never fails or delays the job."""

    def __init__(self, run: Run, *, store: ObjectStore, group: asyncio.TaskGroup) -> None:
        self._run = run
        self._store = store
        self._group = group
        self._shown = 0
        self._showing: asyncio.Task[None] | None = None

    def offer(self, picture: bytes) -> None:
        """Shows a JPEG in the background, or leaves it out while another one is on its way."""
        if self._showing and not self._showing.done():
            return
        self._shown += 1
        self._showing = self._group.create_task(self._show(picture, number=self._shown))

    async def settle(self) -> None:
        """Waits a moment for a preview that is being stored, and drops one that takes longer."""
        if self._showing:
            _arrived, late = await asyncio.wait([self._showing], timeout=SETTLE_SECONDS)
            for task in late:
                task.cancel()

    async def _show(self, picture: bytes, *, number: int) -> None:
        key = object_keys.preview(self._run.job_id, number)
        try:
            await self._store.put(key, picture, content_type="image/jpeg")
            self._run.reporter.picture(key)
        except ServiceError as error:
            log.warning("preview not shown", key=key, problem=str(error))
