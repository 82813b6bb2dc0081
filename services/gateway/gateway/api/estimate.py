"""How long a job will take: measured durations of recent jobs, and what lies before it in the queue."""

import time
from collections.abc import Awaitable, Callable
from typing import Final

from servicekit.errors import ServiceError
from servicekit.jobstore import ENDINGS, Job, JobStatus, QueueState

_FRESH_SECONDS: Final = 1.0


class Estimator:
    """Estimates from the queue's state, which it asks for at most once a second."""

    def __init__(self, read_state: Callable[[], Awaitable[QueueState]], *, typical_seconds: float) -> None:
        """`read_state` is JobStore.queue_state; `typical_seconds` is the duration while none has been measured."""
        self._read_state = read_state
        self._typical = typical_seconds
        self._state: QueueState | None = None
        self._read_at = 0.0

    async def state(self) -> QueueState:
        """The queue's state, at most a second old."""
        if self._state is None or time.monotonic() - self._read_at > _FRESH_SECONDS:
            self._state = await self._read_state()
            self._read_at = time.monotonic()
        return self._state

    async def of_new_job(self, *, queue_position: int) -> float:
        """Seconds from now to the end of a job that has just been accepted.

        The typical duration where the queue cannot be read: the job is accepted all the same.
        """
        try:
            state = await self.state()
        except ServiceError:
            return self._typical
        return self._waiting(state, position=max(1, queue_position))

    async def remaining(self, job: Job) -> float:
        """Seconds from now to a job's end; 0 for one that has ended."""
        if job.status in ENDINGS:
            return 0.0
        state = await self.state()
        if job.status is JobStatus.QUEUED:
            return self._waiting(state, position=max(1, job.queue_position))
        return self._duration(state) * (1.0 - job.progress)

    def _waiting(self, state: QueueState, *, position: int) -> float:
        """Assumes one worker for each running job, each of which takes one of the jobs ahead at a time."""
        rounds = (position - 1) / max(1, state.running)
        return self._duration(state) * (1.0 + rounds)

    def _duration(self, state: QueueState) -> float:
        return state.recent_seconds or self._typical
