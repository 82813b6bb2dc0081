"""What the followers of a job are told while it is worked on."""

import time
from typing import Final

from gateway.jobs import stages
from servicekit.joblog import Claim, JobStatus, Update

STEP_INTERVAL_SECONDS: Final = 0.1
"""Steps that follow faster are not told, except for the last one: nobody can see them, and each is an event to keep."""


class Announcer:
    """Appends to one job's log. Every method raises Superseded or CancelRequested."""

    def __init__(self, claim: Claim, *, style: str) -> None:
        self._claim = claim
        self._style = style
        self._status = JobStatus.ANALYZING
        self._progress = 0.0
        self._last_step = 0.0

    async def stage(self, status: JobStatus, *, share: float = 0.0) -> None:
        """The job has reached a stage and done `share` (0–1) of it."""
        self._status, self._progress = status, stages.progress(status, share)
        await self._append()

    async def step(self, step: int, total_steps: int) -> None:
        """A denoising step was done."""
        now = time.monotonic()
        if step < total_steps and now - self._last_step < STEP_INTERVAL_SECONDS:
            return
        self._last_step = now
        self._status = JobStatus.TRANSFORMING
        self._progress = stages.progress(self._status, step / max(1, total_steps))
        await self._append(step=step, total_steps=total_steps)

    async def picture(self, key: str, *, step: int = 0) -> None:
        """A picture of the unfinished result can be looked at."""
        await self._append(preview_key=key, step=step)

    async def _append(self, *, step: int = 0, total_steps: int = 0, preview_key: str = "") -> None:
        update = Update(
            status=self._status,
            progress=self._progress,
            message=stages.message(self._status, style=self._style),
            step=step,
            total_steps=total_steps,
            preview_key=preview_key,
        )
        await self._claim.append(update)
