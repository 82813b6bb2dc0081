"""What the followers of a job are told while it is worked on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from gateway.jobs import status_presentation
from servicekit.errors import ServiceError
from servicekit.jobstore import Claim, JobStatus, Update

WRITE_SECONDS: Final = 0.1
"""Time between two writes at least. Steps that come faster are left out, except the last: nobody could see them."""

_AT_ONCE: Final = 50
"""Events that are written in one step at most."""


class ProgressReporter:
    """Appends to one job's log in the background, in order, ten times a second at most; what waits is written together.

    A lease that is lost meanwhile shows at `settle`, and, as always, at the claim.
    """

    def __init__(self, claim: Claim, *, style: str) -> None:
        self._claim = claim
        self._style = style
        self._status = JobStatus.ANALYZING
        self._progress = 0.0
        self._step = 0
        self._total_steps = 0
        self._waiting: list[Update] = []
        self._writing: asyncio.Task[None] | None = None
        self._settling = asyncio.Event()

    def stage(self, status: JobStatus, *, share: float = 0.0) -> None:
        """The job has reached a stage and done `share` (0–1) of it."""
        self._status, self._progress = status, status_presentation.progress(status, share)
        self._append()

    def step(self, step: int, total_steps: int) -> None:
        """A denoising step was done."""
        self._step, self._total_steps = step, total_steps
        self._progress = status_presentation.progress(self._status, step / max(1, total_steps))
        # one step says all that the steps before it said
        self._waiting = [update for update in self._waiting if update.preview_key or not update.step]
        self._append()

    def picture(self, key: str) -> None:
        """A picture of the unfinished result can be looked at."""
        self._append(preview_key=key)

    async def settle(self) -> None:
        """Writes at once what waits; returns when all is written. Raises Superseded, Cancelled, Unavailable."""
        self._settling.set()
        if self._writing:
            await self._writing

    async def close(self) -> None:
        """Writes no more."""
        if self._writing:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    def _append(self, *, preview_key: str = "") -> None:
        transforming = self._status is JobStatus.TRANSFORMING
        update = Update(
            status=self._status,
            progress=self._progress,
            message=status_presentation.message(self._status, style=self._style),
            step=self._step if transforming else 0,
            total_steps=self._total_steps if transforming else 0,
            preview_key=preview_key,
        )
        self._waiting.append(update)
        if self._writing is None or (self._writing.done() and not _failed(self._writing)):
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
            await self._claim.append(*together)
            with suppress(TimeoutError):
                async with asyncio.timeout(WRITE_SECONDS):
                    await self._settling.wait()


@asynccontextmanager
async def reporting(claim: Claim, *, style: str) -> AsyncIterator[ProgressReporter]:
    """A reporter whose events are all written when the block has ended, also where it has failed; raises as `settle`.

    Where the block is cancelled, those that wait are dropped.
    """
    reporter = ProgressReporter(claim, style=style)
    try:
        try:
            yield reporter
        except ServiceError:
            await reporter.settle()
            raise
        await reporter.settle()
    finally:
        await reporter.close()


def _failed(task: asyncio.Task[None]) -> bool:
    return task.cancelled() or task.exception() is not None
