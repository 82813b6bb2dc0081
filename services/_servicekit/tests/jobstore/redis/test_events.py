"""The notifier's side of the job store, on a real Valkey."""

import asyncio
import json

import pytest

from servicekit.errors import Unavailable
from servicekit.jobstore import Event, JobStatus
from tests.fixtures.jobstore import FaultyNetwork, OpenJobStore, analyzing, completed, new_job, submit_one


async def test_reading_begins_after_the_event_that_is_known(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job = new_job()
    await jobstore.jobs.submit(job, queue_limit=10)
    claim = await jobstore.queue.claim()
    for _ in range(10):
        await claim.append(analyzing())
    for after in (0, 1, 9, 10):
        assert [event.seq for event in await jobstore.events.read(job.job_id, after=after)] == list(
            range(after + 1, 12)
        )
    for after in (11, 2**53):
        assert await jobstore.events.read(job.job_id, after=after) == []


async def test_whatever_happens_to_any_job_is_announced_in_order(open_jobstore: OpenJobStore) -> None:
    jobstore, writers = open_jobstore(), [open_jobstore() for _ in range(3)]
    jobs = [new_job() for _ in range(12)]

    async def work(number: int) -> None:
        job_store, queue = writers[number % 3].jobs, writers[number % 3].queue
        await job_store.submit(jobs[number], queue_limit=100)
        claim = await queue.claim()
        for _ in range(5):
            await claim.append(analyzing())
        await claim.finish(completed())

    async with jobstore.events.announcements() as announced:
        working = asyncio.gather(*(work(number) for number in range(12)))
        heard: dict[str, list[Event]] = {job.job_id: [] for job in jobs}
        while not all(events and events[-1].terminal for events in heard.values()):
            event = await anext(announced)
            heard[event.job_id].append(event)
        await working
    for job_id, events in heard.items():
        assert events == await jobstore.events.read(job_id)


async def test_announcements_of_other_job_logs_are_not_heard(open_jobstore: OpenJobStore) -> None:
    jobstore, other = open_jobstore(), open_jobstore(joblog_namespace="test-other")
    job = new_job()
    async with jobstore.events.announcements() as announced:
        await other.jobs.submit(new_job(), queue_limit=1000)
        await jobstore.jobs.submit(job, queue_limit=10)
        assert (await anext(announced)).job_id == job.job_id


async def test_a_broken_subscription_says_so(open_jobstore: OpenJobStore, faulty_network: FaultyNetwork) -> None:
    jobstore, far = open_jobstore(), open_jobstore(redis_url=faulty_network.url)
    async with far.events.announcements() as announced:
        await faulty_network.stop()
        with pytest.raises(Unavailable):
            await anext(announced)
    with pytest.raises(Unavailable):
        async with far.events.announcements():
            pass
    await faulty_network.start()
    job = new_job()
    async with far.events.announcements() as announced:
        await jobstore.jobs.submit(job, queue_limit=10)
        assert (await anext(announced)).job_id == job.job_id


async def test_whoever_listens_keeps_the_deadlines_while_no_worker_is_alive(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job = new_job(wait_seconds=0.2)
    async with jobstore.events.announcements() as announced:
        await jobstore.jobs.submit(job, queue_limit=10)
        assert [(await anext(announced)).status for _ in range(2)] == [JobStatus.QUEUED, JobStatus.FAILED]
    assert json.loads((await jobstore.jobs.get(job.job_id)).error)["code"] == "WAITED_TOO_LONG"
    assert (await jobstore.jobs.queue_state()).waiting == 0


async def test_only_the_last_event_brings_the_trace(open_jobstore: OpenJobStore) -> None:
    jobstore, trace = open_jobstore(), "00-11111111111111111111111111111111-2222222222222222-01"
    job_id = await submit_one(jobstore, traceparent=trace)
    assert (await jobstore.jobs.get(job_id)).traceparent == trace
    await jobstore.jobs.cancel(job_id, message="Cancelled.")
    assert [event.traceparent for event in await jobstore.events.read(job_id)] == ["", trace]
