"""The worker's side of the job store, on a real Valkey: claims, fences, retries, cancelling."""

import asyncio
import json

import pytest

from servicekit.jobstore import ENDINGS, Cancelled, Ending, JobStatus, Superseded, Update
from tests.fixtures.jobstore import OpenJobStore, analyzing, completed, submit_one


async def test_a_job_goes_its_way(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore, run_seconds=50.0)
    claim = await jobstore.queue.claim()
    assert (claim.job.job_id, claim.job.deliveries, claim.job.queue_position) == (job_id, 1, 0)
    assert 45 < claim.seconds_left <= 50
    await claim.append(analyzing())
    step = Update(
        status=JobStatus.TRANSFORMING, progress=0.7, message="Applying...", step=3, total_steps=20, preview_key="p/3"
    )
    await claim.append(step)
    running = await jobstore.jobs.get(job_id)
    assert (running.status, running.progress, running.preview_key) == (JobStatus.TRANSFORMING, 0.7, "p/3")
    assert running.started_at is not None

    await claim.finish(completed('{"seed": 7}'))
    record = await jobstore.jobs.get(job_id)
    assert (record.status, record.progress, record.message) == (JobStatus.COMPLETED, 1.0, "Ready!")
    assert (record.result, record.preview_key) == ('{"seed": 7}', "p/3")
    assert record.ended_at is not None
    events = await jobstore.events.read(job_id)
    assert [(event.seq, event.status, event.progress) for event in events] == [
        (1, JobStatus.QUEUED, 0.0),
        (2, JobStatus.ANALYZING, 0.1),
        (3, JobStatus.TRANSFORMING, 0.7),
        (4, JobStatus.COMPLETED, 1.0),
    ]
    assert (events[2].step, events[2].total_steps, events[2].preview_key) == (3, 20, "p/3")


async def test_jobs_are_claimed_in_their_order_each_once(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    ids = [await submit_one(jobstore) for _ in range(30)]
    queues = [jobstore.queue, open_jobstore().queue, open_jobstore().queue]
    assert (await queues[0].claim()).job.job_id == ids[0]
    claims = await asyncio.gather(*(queues[number % 3].claim() for number in range(29)))
    assert sorted(claim.job.job_id for claim in claims) == sorted(ids[1:])


async def test_a_claim_waits_for_a_job_to_come(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    waiting = asyncio.create_task(jobstore.queue.claim())
    await asyncio.sleep(0.3)  # longer than one blocking read
    assert not waiting.done()
    job_id = await submit_one(jobstore)
    assert (await waiting).job.job_id == job_id


async def test_several_events_are_written_in_one_step_like_one_after_the_other(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    async with jobstore.events.announcements() as announced:
        await claim.append(analyzing(0.2), analyzing(0.1), analyzing(0.3))
        heard = [await anext(announced) for _ in range(3)]
    await claim.append(analyzing(0.4))
    events = await jobstore.events.read(job_id)
    assert heard == events[1:4]
    assert [(event.seq, event.progress) for event in events[1:]] == [(2, 0.2), (3, 0.2), (4, 0.3), (5, 0.4)]


async def test_progress_never_goes_down_and_seq_has_no_gap(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    for progress in (0.2, 0.1, 0.5, 0.0, 0.6):
        await claim.append(analyzing(progress))
    await claim.finish(Ending(status=JobStatus.FAILED, message="Sorry.", error='{"code": "X"}'))
    events = await jobstore.events.read(job_id)
    assert [event.progress for event in events] == [0.0, 0.2, 0.2, 0.5, 0.5, 0.6, 0.6]
    assert [event.seq for event in events] == list(range(1, 8))
    assert (await jobstore.jobs.get(job_id)).error == '{"code": "X"}'


async def test_appends_at_the_same_time_all_arrive(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    await asyncio.gather(*(claim.append(analyzing(number / 100)) for number in range(50)))
    assert [event.seq for event in await jobstore.events.read(job_id)] == list(range(1, 52))


@pytest.mark.parametrize(
    "update",
    [
        Update(status=JobStatus.COMPLETED, progress=0.5, message=""),
        analyzing(float("nan")),
        analyzing(-0.1),
        analyzing(1.1),
    ],
)
async def test_an_update_that_makes_no_sense_is_refused(open_jobstore: OpenJobStore, update: Update) -> None:
    jobstore = open_jobstore()
    await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    with pytest.raises(ValueError, match="progress"):
        await claim.append(update)
    with pytest.raises(ValueError, match="no ending"):
        await claim.finish(Ending(status=JobStatus.ANALYZING, message=""))


async def test_after_the_ending_nothing_is_written(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    await claim.finish(completed())
    await claim.finish(completed())  # a repeated call is answered like the first
    with pytest.raises(Superseded):
        await claim.finish(Ending(status=JobStatus.FAILED, message="Sorry."))
    with pytest.raises(Superseded):
        await claim.append(analyzing())
    assert [event.status for event in await jobstore.events.read(job_id)] == [JobStatus.QUEUED, JobStatus.COMPLETED]


async def test_a_retry_comes_after_its_delay_and_remembers(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    await claim.append(analyzing(0.4))
    await claim.retry(delay_seconds=0.3)
    with pytest.raises(Superseded):
        await claim.append(analyzing())
    again = await jobstore.queue.claim()
    waited = (await jobstore.events.read(job_id))[-1].timestamp
    assert (again.job.job_id, again.job.deliveries, again.job.progress) == (job_id, 2, 0.4)
    assert again.seconds_left < claim.seconds_left + 0.05
    await again.append(analyzing(0.1))
    events = await jobstore.events.read(job_id)
    assert (events[-1].progress, events[-1].seq) == (0.4, 3)
    assert (events[-1].timestamp - waited).total_seconds() >= 0.3
    await again.finish(completed())


async def test_after_its_last_delivery_a_job_fails_with_a_reason(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore(joblog_max_deliveries=3)
    job_id = await submit_one(jobstore)
    for delivery in (1, 2, 3):
        claim = await jobstore.queue.claim()
        assert claim.job.deliveries == delivery
        await claim.retry(delay_seconds=0)
    record = await jobstore.jobs.get(job_id)
    assert record.status is JobStatus.FAILED
    assert json.loads(record.error) == {"code": "GAVE_UP", "message": record.message, "retryable": True}
    assert (await jobstore.events.read(job_id))[-1].message == record.message


async def test_a_running_job_is_told_at_once_that_it_is_cancelled(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore(joblog_idle_seconds=60.0)  # no heartbeat would tell it in time
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    await claim.append(analyzing())
    await jobstore.jobs.cancel(job_id, message="Cancelled.")
    async with asyncio.timeout(15):  # well before the next heartbeat
        with pytest.raises(Cancelled):
            await claim.lost()
    assert (await jobstore.jobs.get(job_id)).status is JobStatus.CANCELLED
    with pytest.raises(Cancelled):
        await claim.append(analyzing())


async def test_an_accepted_cancel_wins_over_a_late_result(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    await jobstore.jobs.cancel(job_id, message="Cancelled.")
    with pytest.raises(Cancelled):
        await claim.finish(completed())
    record = await jobstore.jobs.get(job_id)
    assert (record.status, record.message, record.result) == (JobStatus.CANCELLED, "Cancelled.", "")


async def test_a_cancelled_job_is_not_retried(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    await jobstore.jobs.cancel(job_id, message="Cancelled.")
    with pytest.raises(Cancelled):
        await claim.retry(delay_seconds=0)
    assert (await jobstore.jobs.get(job_id)).status is JobStatus.CANCELLED


async def test_a_job_that_is_given_back_as_it_was_is_not_given_up(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore(joblog_max_deliveries=1)
    job_id = await submit_one(jobstore)
    for _ in range(3):
        claim = await jobstore.queue.claim()
        assert claim.job.deliveries == 1
        await claim.retry(delay_seconds=0, counts=False)
    assert (await jobstore.jobs.get(job_id)).status not in ENDINGS
