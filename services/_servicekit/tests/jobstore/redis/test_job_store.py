"""The api's side of the job store, on a real Valkey."""

import asyncio
import json
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from servicekit.errors import Conflict, Exhausted, FailedPrecondition, NotFound
from servicekit.jobstore import Cancelled, Ending, JobStatus
from servicekit.jobstore.redis import JobStoreSettings
from servicekit.jobstore.redis.connection import Keys
from tests.fixtures.jobstore import OpenJobStore, analyzing, completed, new_job, submit_one


async def test_a_submitted_job_waits_with_its_first_event(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job = new_job(retention_seconds=1000.0)
    submitted = await jobstore.jobs.submit(job, queue_limit=10)
    assert (submitted.job_id, submitted.created) == (job.job_id, True)

    record = await jobstore.jobs.get(job.job_id)
    assert (record.status, record.progress, record.message) == (JobStatus.QUEUED, 0.0, "Queued...")
    assert (record.payload, record.result, record.error, record.preview_key) == (job.payload, "", "", "")
    assert (record.started_at, record.ended_at, record.deliveries) == (None, None, 0)
    assert record.expires_at - record.created_at == timedelta(seconds=1000)
    assert record.queue_position == 1

    (event,) = await jobstore.events.read(job.job_id)
    assert (event.job_id, event.seq, event.status, event.progress) == (job.job_id, 1, JobStatus.QUEUED, 0.0)
    assert abs(event.timestamp - record.created_at) < timedelta(milliseconds=1)


async def test_text_survives_as_it_is(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    text = 'Grüße "quoted" \\ / \n 日本 \x00 \u2028'
    job = new_job(payload=json.dumps({"text": text}), message=text)
    await jobstore.jobs.submit(job, queue_limit=10)
    assert (await jobstore.jobs.get(job.job_id)).payload == job.payload
    assert [event.message for event in await jobstore.events.read(job.job_id)] == [text]


async def test_the_same_idempotency_key_and_request_is_the_same_job(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    first = new_job(idempotency_key="key", request_digest="a1")
    again = new_job(idempotency_key="key", request_digest="a1")
    assert (await jobstore.jobs.submit(first, queue_limit=1)).created
    submitted = await jobstore.jobs.submit(again, queue_limit=1)  # although the queue is full by now
    assert (submitted.job_id, submitted.created) == (first.job_id, False)
    with pytest.raises(NotFound):
        await jobstore.jobs.get(again.job_id)


async def test_the_same_idempotency_key_with_another_request_is_a_conflict(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    await jobstore.jobs.submit(new_job(idempotency_key="key", request_digest="a1"), queue_limit=10)
    with pytest.raises(Conflict) as caught:
        await jobstore.jobs.submit(new_job(idempotency_key="key", request_digest="b2"), queue_limit=10)
    assert caught.value.reason == "IDEMPOTENCY_KEY_REUSED"
    assert (await jobstore.jobs.queue_state()).waiting == 1


async def test_many_at_once_with_one_idempotency_key_make_one_job(open_jobstore: OpenJobStore) -> None:
    stores = [open_jobstore().jobs for _ in range(4)]
    jobs = [new_job(idempotency_key="key", request_digest="a1") for _ in range(40)]
    answers = await asyncio.gather(*(stores[number % 4].submit(job, queue_limit=10) for number, job in enumerate(jobs)))
    assert len({answer.job_id for answer in answers}) == 1
    assert sum(answer.created for answer in answers) == 1
    assert (await stores[0].queue_state()).waiting == 1


async def test_a_repeated_submit_of_one_job_is_that_job(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job = new_job()
    for _ in range(2):
        assert (await jobstore.jobs.submit(job, queue_limit=1)).created
    assert len(await jobstore.events.read(job.job_id)) == 1
    assert (await jobstore.jobs.queue_state()).waiting == 1


async def test_a_full_queue_refuses_and_says_when_to_try_again(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    accepted = [new_job() for _ in range(2)]
    for job in accepted:
        await jobstore.jobs.submit(job, queue_limit=2)
    refused = new_job(idempotency_key="key", request_digest="a1")
    with pytest.raises(Exhausted) as caught:
        await jobstore.jobs.submit(refused, queue_limit=2)
    assert float(caught.value.metadata["retry_after_seconds"]) >= 1
    with pytest.raises(NotFound):
        await jobstore.jobs.get(refused.job_id)

    await jobstore.queue.claim()
    assert (await jobstore.jobs.submit(refused, queue_limit=2)).created


async def test_positions_count_those_ahead(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    jobs = [new_job() for _ in range(4)]
    for job in jobs:
        await jobstore.jobs.submit(job, queue_limit=10)

    async def positions() -> list[int]:
        return [(await jobstore.jobs.get(job.job_id)).queue_position for job in jobs]

    assert await positions() == [1, 2, 3, 4]
    await jobstore.jobs.cancel(jobs[1].job_id, message="Cancelled.")
    assert await positions() == [1, 0, 2, 3]
    claim = await jobstore.queue.claim()
    assert claim.job.job_id == jobs[0].job_id
    assert await positions() == [0, 0, 1, 2]
    await claim.finish(completed())
    assert await positions() == [0, 0, 1, 2]


async def test_the_queue_state_counts_and_times(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    empty = await jobstore.jobs.queue_state()
    assert (empty.waiting, empty.running, empty.oldest_wait_seconds, empty.recent_seconds) == (0, 0, 0.0, 0.0)
    for _ in range(4):
        await jobstore.jobs.submit(new_job(), queue_limit=10)
    claim = await jobstore.queue.claim()
    await asyncio.sleep(0.02)  # a measurable duration
    await claim.finish(completed())
    await jobstore.queue.claim()
    retried = await jobstore.queue.claim()
    await retried.retry(delay_seconds=100)

    state = await jobstore.jobs.queue_state()
    assert (state.waiting, state.running) == (1, 1)
    assert state.recent_seconds >= 0.02
    assert state.oldest_wait_seconds >= 0.02


async def test_cancelling_a_waiting_job_ends_it_at_once(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    cancelled, other = new_job(), new_job()
    for job in (cancelled, other):
        await jobstore.jobs.submit(job, queue_limit=10)
    await jobstore.jobs.cancel(cancelled.job_id, message="Cancelled.")
    record = await jobstore.jobs.get(cancelled.job_id)
    assert (record.status, record.message, record.progress) == (JobStatus.CANCELLED, "Cancelled.", 0.0)
    assert record.ended_at is not None
    last = (await jobstore.events.read(cancelled.job_id))[-1]
    assert (last.status, last.seq, last.terminal) == (JobStatus.CANCELLED, 2, True)

    await jobstore.jobs.cancel(cancelled.job_id, message="Again.")
    assert len(await jobstore.events.read(cancelled.job_id)) == 2
    assert (await jobstore.queue.claim()).job.job_id == other.job_id


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED])
async def test_an_ended_job_cannot_be_cancelled(open_jobstore: OpenJobStore, status: JobStatus) -> None:
    jobstore = open_jobstore()
    job = new_job()
    await jobstore.jobs.submit(job, queue_limit=10)
    await (await jobstore.queue.claim()).finish(Ending(status=status, message="Over."))
    with pytest.raises(FailedPrecondition) as caught:
        await jobstore.jobs.cancel(job.job_id, message="Cancelled.")
    assert status in caught.value.message
    assert (await jobstore.jobs.get(job.job_id)).status is status


async def test_cancelling_a_job_that_waits_for_its_retry_ends_it(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job = new_job()
    await jobstore.jobs.submit(job, queue_limit=10)
    await (await jobstore.queue.claim()).retry(delay_seconds=0.1)
    await jobstore.jobs.cancel(job.job_id, message="Cancelled.")
    await asyncio.sleep(0.5)  # past the retry: were it not dequeued, it would be queued again
    assert (await jobstore.jobs.get(job.job_id)).status is JobStatus.CANCELLED
    assert (await jobstore.jobs.queue_state()).waiting == 0


async def test_cancel_and_finish_at_once_agree(open_jobstore: OpenJobStore) -> None:
    """Whichever comes first decides, and both callers are told the truth."""
    jobstore = open_jobstore()
    for _ in range(40):
        job = new_job()
        await jobstore.jobs.submit(job, queue_limit=100)
        claim = await jobstore.queue.claim()
        cancel, finish = await asyncio.gather(
            jobstore.jobs.cancel(job.job_id, message="Cancelled."), claim.finish(completed()), return_exceptions=True
        )
        status = (await jobstore.jobs.get(job.job_id)).status
        if isinstance(cancel, FailedPrecondition):
            assert (finish, status) == (None, JobStatus.COMPLETED)
        else:
            assert isinstance(finish, Cancelled)
            assert status is JobStatus.CANCELLED
        assert sum(event.terminal for event in await jobstore.events.read(job.job_id)) == 1


@pytest.mark.parametrize("job_id", ["", "nobody", "../../etc/passwd", "{x}", "a" * 10_000])
async def test_an_unknown_job_is_not_found(open_jobstore: OpenJobStore, job_id: str) -> None:
    jobstore = open_jobstore()
    for request in (
        jobstore.jobs.get(job_id),
        jobstore.jobs.cancel(job_id, message="No."),
        jobstore.events.read(job_id),
    ):
        with pytest.raises(NotFound) as caught:
            await request
        assert caught.value.reason == "UNKNOWN_JOB"


async def test_records_and_events_expire(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job = new_job(idempotency_key="key", request_digest="a1", wait_seconds=0.3, run_seconds=0.2, retention_seconds=0.8)
    await jobstore.jobs.submit(job, queue_limit=10)
    claim = await jobstore.queue.claim()
    await claim.append(analyzing())
    await claim.finish(completed())
    await jobstore.jobs.get(job.job_id)
    await asyncio.sleep(0.9)  # the retention
    with pytest.raises(NotFound):
        await jobstore.jobs.get(job.job_id)
    with pytest.raises(NotFound):
        await jobstore.events.read(job.job_id)
    assert (await jobstore.jobs.submit(new_job(idempotency_key="key", request_digest="b2"), queue_limit=10)).created


async def test_a_job_that_could_expire_before_it_ends_is_refused(open_jobstore: OpenJobStore) -> None:
    with pytest.raises(ValueError, match="retention_seconds"):
        await open_jobstore().jobs.submit(new_job(retention_seconds=600.0), queue_limit=10)


async def test_jobs_of_a_tenant_are_listed_newest_first_in_pages(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    ids = []
    for number in range(7):
        tenant = "anna" if number != 3 else "ben"
        job = new_job(tenant=tenant)
        await jobstore.jobs.submit(job, queue_limit=10)
        ids += [job.job_id] if tenant == "anna" else []
    seen: list[str] = []
    before = None
    pages = 0
    while True:
        page = await jobstore.jobs.jobs_of("anna", limit=2, before=before)
        seen += [job.job_id for job in page.jobs]
        pages += 1
        if page.following is None:
            break
        before = page.following
    created = {job_id: (await jobstore.jobs.get(job_id)).created_at for job_id in ids}
    assert sorted(seen) == sorted(ids)
    assert seen == sorted(seen, key=lambda job_id: (created[job_id], job_id), reverse=True)
    assert pages == 3
    assert (await jobstore.jobs.jobs_of("nobody", limit=2)).jobs == ()


async def test_many_jobs_of_one_moment_are_listed_once_each(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings, redis: Redis
) -> None:
    jobstore = open_jobstore()
    ids = sorted([await submit_one(jobstore, tenant="anna") for _ in range(9)], reverse=True)
    key = Keys(jobstore_settings.joblog_namespace).tenants_jobs("anna")
    await redis.zadd(key, dict.fromkeys(ids, 1_700_000_000_000))
    await redis.delete(Keys(jobstore_settings.joblog_namespace).job(ids[4]))  # as one that has expired
    seen, before = [], None
    for _ in range(5):
        page = await jobstore.jobs.jobs_of("anna", limit=2, before=before)
        seen += [job.job_id for job in page.jobs]
        before = page.following
    assert before is None
    assert seen == [job_id for job_id in ids if job_id != ids[4]]
