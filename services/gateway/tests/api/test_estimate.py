"""How long a job is said to take."""

from datetime import UTC, datetime

import pytest

from gateway.api.estimate import Estimator
from servicekit.jobstore import Job, JobStatus, QueueState


def estimator(*, waiting: int, running: int, recent_seconds: float) -> Estimator:
    state = QueueState(waiting=waiting, running=running, oldest_wait_seconds=0.0, recent_seconds=recent_seconds)

    async def queue_state() -> QueueState:
        return state

    return Estimator(queue_state, typical_seconds=15.0)


def job(status: JobStatus, *, progress: float = 0.0, queue_position: int = 0) -> Job:
    now = datetime.now(UTC)
    return Job(
        job_id="",
        tenant="",
        status=status,
        progress=progress,
        message="",
        payload="",
        result="",
        error="",
        preview_key="",
        created_at=now,
        expires_at=now,
        started_at=None,
        ended_at=None,
        deliveries=0,
        queue_position=queue_position,
        purging=False,
    )


@pytest.mark.parametrize(
    ("position", "running", "recent", "expected"),
    [
        (0, 0, 0.0, 15.0),  # nothing measured yet, and taken up at once
        (1, 0, 4.0, 4.0),  # it waits alone
        (5, 1, 4.0, 20.0),  # four before it, one worker
        (5, 4, 4.0, 8.0),  # four before it, four workers
    ],
)
async def test_a_new_job(position: int, running: int, recent: float, expected: float) -> None:
    one = estimator(waiting=9, running=running, recent_seconds=recent)
    assert await one.of_new_job(queue_position=position) == expected


@pytest.mark.parametrize(("engine", "expected"), [(1.0, 2.0), (0.0, 15.0)])
async def test_the_first_job_takes_what_its_engine_says(engine: float, expected: float) -> None:
    async def nothing_measured() -> QueueState:
        return QueueState(waiting=1, running=0, oldest_wait_seconds=0.0, recent_seconds=0.0)

    one = Estimator(nothing_measured, typical_seconds=15.0, engine_seconds=lambda: engine)
    assert await one.of_new_job(queue_position=1) == expected


async def test_what_remains() -> None:
    one = estimator(waiting=9, running=2, recent_seconds=10.0)
    assert await one.remaining(job(JobStatus.QUEUED, queue_position=1)) == 10.0
    assert await one.remaining(job(JobStatus.QUEUED, queue_position=5)) == 30.0
    assert await one.remaining(job(JobStatus.TRANSFORMING, progress=0.75)) == 2.5
    assert await one.remaining(job(JobStatus.COMPLETED, progress=1.0)) == 0.0
    assert await one.remaining(job(JobStatus.FAILED, progress=0.3)) == 0.0
