"""What the followers of a job are told while it is worked on."""

import time
from typing import Final

from gateway.jobs import status_presentation
from servicekit.jobstore import Claim, JobStatus, Update

STEP_INTERVAL_SECONDS: Final = 0.1
"""Steps that come faster are left out, except the last: each would be an event to store, and nobody could see it."""


class ProgressReporter:
    """Appends to one job's log. Every method raises Superseded or Cancelled."""

    def __init__(self, claim: Claim, *, style: str) -> None:
        self._claim = claim
        self._style = style
        self._status = JobStatus.ANALYZING
        self._progress = 0.0
        self._step_told_at = 0.0
        self._step = 0
        self._total_steps = 0

    async def stage(self, status: JobStatus, *, share: float = 0.0) -> None:
        """The job has reached a stage and done `share` (0–1) of it."""
        self._status, self._progress = status, status_presentation.progress(status, share)
        await self._append()

    async def step(self, step: int, total_steps: int) -> None:
        """A denoising step was done."""
        now = time.monotonic()
        self._step, self._total_steps = step, total_steps
        self._progress = status_presentation.progress(self._status, step / max(1, total_steps))
        if step < total_steps and now - self._step_told_at < STEP_INTERVAL_SECONDS:
            return
        self._step_told_at = now
        await self._append()

    async def picture(self, key: str) -> None:
        """A picture of the unfinished result can be looked at."""
        await self._append(preview_key=key)

    async def _append(self, *, preview_key: str = "") -> None:
        transforming = self._status is JobStatus.TRANSFORMING
        update = Update(
            status=self._status,
            progress=self._progress,
            message=status_presentation.message(self._status, style=self._style),
            step=self._step if transforming else 0,
            total_steps=self._total_steps if transforming else 0,
            preview_key=preview_key,
        )
        await self._claim.append(update)
