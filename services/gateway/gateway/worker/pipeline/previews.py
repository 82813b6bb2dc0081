"""Pictures of the unfinished result: kept in the store, then announced."""

import asyncio
from collections.abc import Coroutine
from typing import Final

from gateway.clients.diffusion import DiffusionClient, Restyling
from gateway.jobs import object_keys
from gateway.jobs.stage import Stage
from gateway.worker.pipeline.run import Run
from servicekit.errors import ServiceError
from servicekit.observability import logs
from servicekit.storage import ObjectStore

log = logs.get(__name__)

FIRST_LOOK: Final = 0
"""Number of the preview that the lite engine makes first."""

SETTLE_SECONDS: Final = 0.5
"""How long a preview that is being stored may still take once the result is there."""


class Previews:
    """Shows one job's previews, the first look first. A preview that fails never fails or delays the job."""

    def __init__(self, run: Run, *, store: ObjectStore, group: asyncio.TaskGroup) -> None:
        self._run = run
        self._store = store
        self._group = group
        self._shown = FIRST_LOOK
        self._busy = True  # until the first look is out
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, diffusion: DiffusionClient, restyling: Restyling) -> asyncio.Task[None]:
        """Makes and shows the first look in the background; the task is done when it is out."""
        return self._start(self._first_look(diffusion, restyling))

    def begin_without_first_look(self) -> None:
        """For what the lite engine, which makes first looks, cannot show."""
        self._busy = False

    def offer(self, picture: bytes) -> None:
        """Shows a JPEG in the background, or leaves it out while another one is on its way."""
        if self._busy:
            return
        self._busy = True
        self._shown += 1
        self._start(self._show(picture, number=self._shown))

    async def settle(self) -> None:
        """Waits a moment for previews that are being stored, and drops those that take longer."""
        if self._tasks:
            _arrived, late = await asyncio.wait(self._tasks, timeout=SETTLE_SECONDS)
            for task in late:
                task.cancel()

    def _start(self, showing: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = self._group.create_task(showing)
        self._tasks.add(task)
        return task

    async def _first_look(self, diffusion: DiffusionClient, restyling: Restyling) -> None:
        try:
            with self._run.stopwatch.measure(Stage.PREVIEW):
                picture = await diffusion.preview(restyling, seconds=self._run.seconds_left)
        except ServiceError as error:
            log.warning("no first look", problem=str(error))
            self._busy = False
        else:
            await self._show(picture, number=FIRST_LOOK)

    async def _show(self, picture: bytes, *, number: int) -> None:
        key = object_keys.preview(self._run.job_id, number)
        try:
            await self._store.put(key, picture, content_type="image/jpeg")
            await self._run.reporter.picture(key)
        except ServiceError as error:
            log.warning("preview not shown", key=key, problem=str(error))
        finally:
            self._busy = False
