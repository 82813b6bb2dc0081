"""The api's side of the job log, on a real Valkey."""

import asyncio
import json
from datetime import timedelta

import pytest

from servicekit.errors import Conflict, Exhausted, FailedPrecondition, NotFound
from servicekit.jobstore import Cancelled, Ending, JobStatus
from tests.fixtures.jobstore import OpenJobLog, analyzing, completed, new_job


async def test_a_submitted_job_waits_with_its_first_event(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    job = new_job(retention_seconds=1000.0)
    submitted = await joblog.desk.submit(job, queue_limit=10)
    assert (submitted.job_id, submitted.created) == (job.job_id, True)

    record = await joblog.desk.get(job.job_id)
    assert (record.status, record.progress, record.message) == (JobStatus.QUEUED, 0.0, "Queued...")
    assert (record.payload, record.result, record.error, record.preview_key) == (job.payload, "", "", "")
    assert (record.started_at, record.ended_at, record.deliveries) == (None, None, 0)
    assert record.expires_at - record.created_at == timedelta(seconds=1000)
    assert record.queue_position == 1

    (event,) = await joblog.events.read(job.job_id)
    assert (event.job_id, event.seq, event.status, event.progress) == (job.job_id, 1, JobStatus.QUEUED, 0.0)
    assert abs(event.timestamp - record.created_at) < timedelta(milliseconds=1)


async def test_text_survives_as_it_is(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    text = 'Grüße "quoted" \\ / \n 日本 \x00 \u2028'
    job = new_job(payload=json.dumps({"text": text}), message=text)
    await joblog.desk.submit(job, queue_limit=10)
    assert (await joblog.desk.get(job.job_id)).payload == job.payload
    assert [event.message for event in await joblog.events.read(job.job_id)] == [text]


async def test_the_same_idempotency_key_and_request_is_the_same_job(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    first = new_job(idempotency_key="key", request_digest="a1")
    again = new_job(idempotency_key="key", request_digest="a1")
    assert (await joblog.desk.submit(first, queue_limit=1)).created
    submitted = await joblog.desk.submit(again, queue_limit=1)  # although the queue is full by now
    assert (submitted.job_id, submitted.created) == (first.job_id, False)
    with pytest.raises(NotFound):
        await joblog.desk.get(again.job_id)


async def test_the_same_idempotency_key_with_another_request_is_a_conflict(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    await joblog.desk.submit(new_job(idempotency_key="key", request_digest="a1"), queue_limit=10)
    with pytest.raises(Conflict) as caught:
        await joblog.desk.submit(new_job(idempotency_key="key", request_digest="b2"), queue_limit=10)
    assert caught.value.reason == "IDEMPOTENCY_KEY_REUSED"
    assert (await joblog.desk.queue_state()).waiting == 1


async def test_many_at_once_with_one_idempotency_key_make_one_job(open_joblog: OpenJobLog) -> None:
    desks = [open_joblog().desk for _ in range(4)]
    jobs = [new_job(idempotency_key="key", request_digest="a1") for _ in range(40)]
    answers = await asyncio.gather(*(desks[number % 4].submit(job, queue_limit=10) for number, job in enumerate(jobs)))
    assert len({answer.job_id for answer in answers}) == 1
    assert sum(answer.created for answer in answers) == 1
    assert (await desks[0].queue_state()).waiting == 1


async def test_a_repeated_submit_of_one_job_is_that_job(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    job = new_job()
    for _ in range(2):
        assert (await joblog.desk.submit(job, queue_limit=1)).created
    assert len(await joblog.events.read(job.job_id)) == 1
    assert (await joblog.desk.queue_state()).waiting == 1


async def test_a_full_queue_refuses_and_says_when_to_try_again(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    accepted = [new_job() for _ in range(2)]
    for job in accepted:
        await joblog.desk.submit(job, queue_limit=2)
    refused = new_job(idempotency_key="key", request_digest="a1")
    with pytest.raises(Exhausted) as caught:
        await joblog.desk.submit(refused, queue_limit=2)
    assert float(caught.value.metadata["retry_after_seconds"]) >= 1
    with pytest.raises(NotFound):
        await joblog.desk.get(refused.job_id)

    await joblog.queue.claim()
    assert (await joblog.desk.submit(refused, queue_limit=2)).created


async def test_positions_count_those_ahead(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    jobs = [new_job() for _ in range(4)]
    for job in jobs:
        await joblog.desk.submit(job, queue_limit=10)

    async def positions() -> list[int]:
        return [(await joblog.desk.get(job.job_id)).queue_position for job in jobs]

    assert await positions() == [1, 2, 3, 4]
    await joblog.desk.cancel(jobs[1].job_id, message="Cancelled.")
    assert await positions() == [1, 0, 2, 3]
    claim = await joblog.queue.claim()
    assert claim.job.job_id == jobs[0].job_id
    assert await positions() == [0, 0, 1, 2]
    await claim.finish(completed())
    assert await positions() == [0, 0, 1, 2]


async def test_the_queue_state_counts_and_times(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    empty = await joblog.desk.queue_state()
    assert (empty.waiting, empty.running, empty.oldest_wait_seconds, empty.recent_seconds) == (0, 0, 0.0, 0.0)
    for _ in range(4):
        await joblog.desk.submit(new_job(), queue_limit=10)
    claim = await joblog.queue.claim()
    await asyncio.sleep(0.02)  # a measurable duration
    await claim.finish(completed())
    await joblog.queue.claim()
    retried = await joblog.queue.claim()
    await retried.retry(delay_seconds=100)

    state = await joblog.desk.queue_state()
    assert (state.waiting, state.running) == (1, 1)
    assert state.recent_seconds >= 0.02
    assert state.oldest_wait_seconds >= 0.02


async def test_cancelling_a_waiting_job_ends_it_at_once(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    cancelled, other = new_job(), new_job()
    for job in (cancelled, other):
        await joblog.desk.submit(job, queue_limit=10)
    await joblog.desk.cancel(cancelled.job_id, message="Cancelled.")
    record = await joblog.desk.get(cancelled.job_id)
    assert (record.status, record.message, record.progress) == (JobStatus.CANCELLED, "Cancelled.", 0.0)
    assert record.ended_at is not None
    last = (await joblog.events.read(cancelled.job_id))[-1]
    assert (last.status, last.seq, last.terminal) == (JobStatus.CANCELLED, 2, True)

    await joblog.desk.cancel(cancelled.job_id, message="Again.")
    assert len(await joblog.events.read(cancelled.job_id)) == 2
    assert (await joblog.queue.claim()).job.job_id == other.job_id


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED])
async def test_an_ended_job_cannot_be_cancelled(open_joblog: OpenJobLog, status: JobStatus) -> None:
    joblog = open_joblog()
    job = new_job()
    await joblog.desk.submit(job, queue_limit=10)
    await (await joblog.queue.claim()).finish(Ending(status=status, message="Over."))
    with pytest.raises(FailedPrecondition) as caught:
        await joblog.desk.cancel(job.job_id, message="Cancelled.")
    assert status in caught.value.message
    assert (await joblog.desk.get(job.job_id)).status is status


async def test_cancelling_a_job_that_waits_for_its_retry_ends_it(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    job = new_job()
    await joblog.desk.submit(job, queue_limit=10)
    await (await joblog.queue.claim()).retry(delay_seconds=0.1)
    await joblog.desk.cancel(job.job_id, message="Cancelled.")
    await asyncio.sleep(0.5)  # past the retry: were it not withdrawn, it would be queued again
    assert (await joblog.desk.get(job.job_id)).status is JobStatus.CANCELLED
    assert (await joblog.desk.queue_state()).waiting == 0


async def test_cancel_and_finish_at_once_agree(open_joblog: OpenJobLog) -> None:
    """Whichever comes first decides, and both callers are told the truth."""
    joblog = open_joblog()
    for _ in range(40):
        job = new_job()
        await joblog.desk.submit(job, queue_limit=100)
        claim = await joblog.queue.claim()
        cancel, finish = await asyncio.gather(
            joblog.desk.cancel(job.job_id, message="Cancelled."), claim.finish(completed()), return_exceptions=True
        )
        status = (await joblog.desk.get(job.job_id)).status
        if isinstance(cancel, FailedPrecondition):
            assert (finish, status) == (None, JobStatus.COMPLETED)
        else:
            assert isinstance(finish, Cancelled)
            assert status is JobStatus.CANCELLED
        assert sum(event.terminal for event in await joblog.events.read(job.job_id)) == 1


@pytest.mark.parametrize("job_id", ["", "nobody", "../../etc/passwd", "{x}", "a" * 10_000])
async def test_an_unknown_job_is_not_found(open_joblog: OpenJobLog, job_id: str) -> None:
    joblog = open_joblog()
    for request in (joblog.desk.get(job_id), joblog.desk.cancel(job_id, message="No."), joblog.events.read(job_id)):
        with pytest.raises(NotFound) as caught:
            await request
        assert caught.value.reason == "UNKNOWN_JOB"


async def test_records_and_events_expire(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    job = new_job(idempotency_key="key", request_digest="a1", wait_seconds=0.3, run_seconds=0.3, retention_seconds=0.8)
    await joblog.desk.submit(job, queue_limit=10)
    claim = await joblog.queue.claim()
    await claim.append(analyzing())
    await claim.finish(completed())
    await joblog.desk.get(job.job_id)
    await asyncio.sleep(0.9)  # the retention
    with pytest.raises(NotFound):
        await joblog.desk.get(job.job_id)
    with pytest.raises(NotFound):
        await joblog.events.read(job.job_id)
    assert (await joblog.desk.submit(new_job(idempotency_key="key", request_digest="b2"), queue_limit=10)).created


async def test_a_job_that_could_expire_before_it_ends_is_refused(open_joblog: OpenJobLog) -> None:
    with pytest.raises(ValueError, match="retention_seconds"):
        await open_joblog().desk.submit(new_job(retention_seconds=600.0), queue_limit=10)
