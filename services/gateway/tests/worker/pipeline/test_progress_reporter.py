"""What followers are told, written in the background."""

import asyncio
from typing import cast

import pytest

from gateway.worker.pipeline.progress_reporter import reporting
from servicekit.errors import NotFound, ServiceError
from servicekit.jobstore import Cancelled, Claim, JobStatus, Update


class _Claim:
    """A claim whose store can be slow, or answer that the lease is gone."""

    def __init__(self) -> None:
        self.writes = asyncio.Semaphore(0)
        self.written: list[list[tuple[JobStatus, float, int]]] = []
        self.answers = asyncio.Event()
        self.answers.set()
        self.lost = False

    async def append(self, *updates: Update) -> None:
        await self.answers.wait()
        if self.lost:
            raise Cancelled
        self.written.append([(update.status, update.progress, update.step) for update in updates])
        self.writes.release()


@pytest.fixture
def claim() -> _Claim:
    return _Claim()


async def test_what_comes_soon_after_a_write_is_written_together_and_in_order(claim: _Claim) -> None:
    async with reporting(cast(Claim, claim), style="modern") as reporter:
        reporter.stage(JobStatus.ANALYZING)
        await asyncio.sleep(0)
        reporter.stage(JobStatus.ANALYZING, share=1.0)
        await asyncio.sleep(0)
        reporter.stage(JobStatus.DETECTING)
        reporter.stage(JobStatus.TRANSFORMING)
        for step in range(1, 21):
            reporter.step(step, 20)
    assert claim.written == [
        [(JobStatus.ANALYZING, 0.1, 0)],
        [
            (JobStatus.ANALYZING, 0.2, 0),
            (JobStatus.DETECTING, 0.2, 0),
            (JobStatus.TRANSFORMING, 0.5, 0),
            (JobStatus.TRANSFORMING, 0.9, 20),
        ],
    ]


async def test_nothing_waits_for_the_next_event_to_be_written(claim: _Claim) -> None:
    async with reporting(cast(Claim, claim), style="modern") as reporter:
        reporter.stage(JobStatus.ANALYZING)
        await asyncio.sleep(0)
        reporter.stage(JobStatus.DETECTING)
        async with asyncio.timeout(10):
            for _ in range(2):
                await claim.writes.acquire()
        assert claim.written[1] == [(JobStatus.DETECTING, 0.2, 0)]


async def test_one_step_is_told_for_all_that_wait_but_never_instead_of_a_picture(claim: _Claim) -> None:
    claim.answers.clear()
    async with reporting(cast(Claim, claim), style="modern") as reporter:
        reporter.stage(JobStatus.TRANSFORMING)
        reporter.step(1, 20)
        reporter.picture("jobs/1/preview-1.jpg")
        reporter.step(19, 20)
        reporter.step(20, 20)
        reporter.step(20, 20)
        claim.answers.set()
    assert [[step for _status, _progress, step in one] for one in claim.written] == [[0, 1, 20]]


async def test_a_job_that_fails_has_told_everything_before(claim: _Claim) -> None:
    with pytest.raises(NotFound):
        async with reporting(cast(Claim, claim), style="modern") as reporter:
            reporter.stage(JobStatus.DETECTING)
            raise NotFound("NO_PHOTO", "There is no photo.")
    assert len(claim.written) == 1


async def test_a_lost_lease_shows_at_the_end_and_nothing_is_written_behind_it(claim: _Claim) -> None:
    claim.lost = True
    for problem in (None, ServiceError):
        with pytest.raises(Cancelled):
            async with reporting(cast(Claim, claim), style="modern") as reporter:
                reporter.stage(JobStatus.ANALYZING)
                await asyncio.sleep(0)
                claim.lost = False
                reporter.stage(JobStatus.DETECTING)
                if problem:
                    raise NotFound("NO_PHOTO", "There is no photo.")
        claim.lost = True
    assert claim.written == []


async def test_a_job_that_is_cancelled_does_not_wait_for_the_store(claim: _Claim) -> None:
    claim.answers.clear()

    async def work() -> None:
        async with reporting(cast(Claim, claim), style="modern") as reporter:
            reporter.stage(JobStatus.ANALYZING)
            await asyncio.Event().wait()

    working = asyncio.create_task(work())
    await asyncio.sleep(0.01)  # until it waits
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(working, 5)
    claim.answers.set()
    await asyncio.sleep(0.01)  # what was not dropped would be written now
    assert claim.written == []
