"""How long a job will take: measured durations of recent jobs, and what lies before it in the queue."""

import time
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from gateway.jobs import request
from gateway.jobs.work import expected_work
from servicekit.errors import ServiceError
from servicekit.jobstore import ENDINGS, Job, JobStatus, QueueState

OTHER_SECONDS: Final = 1.0
"""What a job takes beside its engine: looking at the photo, judging the result, storing pictures."""

_FRESH_SECONDS: Final = 1.0


class Estimator:
    """Estimates from the queue's state, which it asks for at most once a second."""

    def __init__(
        self,
        read_state: Callable[[], Awaitable[QueueState]],
        *,
        typical_seconds: float,
        engine_seconds: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`read_state` is JobStore.queue_state.

        While no duration has been measured it is what the engine says that it takes, and OTHER_SECONDS beside;
        `typical_seconds` where the engine says nothing, 0.
        """
        self._read_state = read_state
        self._engine_seconds = engine_seconds
        self._typical = typical_seconds
        self._state: QueueState | None = None
        self._read_at = 0.0

    async def state(self) -> QueueState:
        """The queue's state, at most a second old."""
        if self._state is None or time.monotonic() - self._read_at > _FRESH_SECONDS:
            self._state = await self._read_state()
            self._read_at = time.monotonic()
        return self._state

    async def of_new_job(self, *, ahead: int, work: int = 1) -> float:
        """Seconds from now to the end of a job that has just been accepted; `work` is its `expected_work`, `ahead` that
        of the jobs before it in the queue.

        The typical duration where the queue cannot be read: the job is accepted all the same.
        """
        try:
            state = await self.state()
        except ServiceError:
            return self._expected() * work
        return self._waiting(state, ahead=ahead, work=work)

    async def remaining(self, job: Job) -> float:
        """Seconds from now to a job's end; 0 for one that has ended."""
        if job.status in ENDINGS:
            return 0.0
        state = await self.state()
        work = _work(job)
        if job.status is JobStatus.QUEUED:
            return self._waiting(state, ahead=job.work_ahead, work=work)
        return self._duration(state) * work * (1.0 - job.progress)

    def _waiting(self, state: QueueState, *, ahead: int, work: int) -> float:
        """Its own work, and that of those ahead, shared among as many workers as jobs are running."""
        return self._duration(state) * (work + ahead / max(1, state.running))

    def _duration(self, state: QueueState) -> float:
        return state.recent_seconds or self._expected()

    def _expected(self) -> float:
        engine = self._engine_seconds()
        return engine + OTHER_SECONDS if engine else self._typical


def _work(job: Job) -> int:
    """A job's `expected_work`; 1 where another version has written what it is asked for."""
    try:
        return expected_work(request.decode(job.payload))
    except msgspec.MsgspecError:
        return 1
