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


def job(status: JobStatus, *, progress: float = 0.0, work_ahead: int = 0) -> Job:
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
        queue_position=2 if work_ahead else 1,
        work_ahead=work_ahead,
        purging=False,
    )


@pytest.mark.parametrize(
    ("ahead", "work", "running", "recent", "expected"),
    [
        (0, 1, 0, 0.0, 15.0),  # nothing measured yet
        (0, 1, 0, 4.0, 4.0),  # it waits alone, or was taken up at once
        (4, 1, 1, 4.0, 20.0),  # as much as four pictures before it, one worker
        (4, 1, 4, 4.0, 8.0),  # the same, four workers
        (16, 4, 2, 4.0, 48.0),  # four jobs of four variants before another of them
    ],
)
async def test_a_new_job(ahead: int, work: int, running: int, recent: float, expected: float) -> None:
    one = estimator(waiting=9, running=running, recent_seconds=recent)
    assert await one.of_new_job(ahead=ahead, work=work) == expected


@pytest.mark.parametrize(("engine", "expected"), [(1.0, 2.0), (0.0, 15.0)])
async def test_the_first_job_takes_what_its_engine_says(engine: float, expected: float) -> None:
    async def nothing_measured() -> QueueState:
        return QueueState(waiting=1, running=0, oldest_wait_seconds=0.0, recent_seconds=0.0)

    one = Estimator(nothing_measured, typical_seconds=15.0, engine_seconds=lambda: engine)
    assert await one.of_new_job(ahead=0) == expected


async def test_what_remains() -> None:
    one = estimator(waiting=9, running=2, recent_seconds=10.0)
    assert await one.remaining(job(JobStatus.QUEUED)) == 10.0
    assert await one.remaining(job(JobStatus.QUEUED, work_ahead=4)) == 30.0
    assert await one.remaining(job(JobStatus.TRANSFORMING, progress=0.75)) == 2.5
    assert await one.remaining(job(JobStatus.COMPLETED, progress=1.0)) == 0.0
    assert await one.remaining(job(JobStatus.FAILED, progress=0.3)) == 0.0
