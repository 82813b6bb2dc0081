"""Jobs whose time runs out and workers that fall silent, die or leave, on a real Valkey."""

import asyncio
import json

import pytest

from servicekit.jobstore import Claim, JobStatus, Superseded
from tests.fixtures.jobstore import FaultyNetwork, OpenJobLog, analyzing, completed, ending_of, submit_one


async def test_cancelling_ends_a_job_whose_worker_sleeps(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    job_id = await submit_one(joblog)
    claim = await joblog.queue.claim()
    await joblog.queue.close()  # no heartbeat, and nobody who takes over
    await joblog.desk.cancel(job_id, message="Cancelled.")
    assert (await joblog.events.read(job_id))[-1].status is JobStatus.CANCELLED
    with pytest.raises(Superseded):
        await claim.lost()


async def test_a_cancelled_job_that_runs_out_of_time_is_cancelled_all_the_same(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    job_id = await submit_one(joblog, run_seconds=0.3)
    await joblog.queue.claim()  # by a worker that does not care
    await joblog.desk.cancel(job_id, message="Cancelled.")
    assert (await ending_of(joblog, job_id))[-1].status is JobStatus.CANCELLED


async def test_a_job_that_waits_too_long_fails_though_all_workers_are_busy(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    await submit_one(joblog)
    busy = await joblog.queue.claim()
    job_id = await submit_one(joblog, wait_seconds=0.2)
    events = await ending_of(joblog, job_id)
    assert [event.status for event in events] == [JobStatus.QUEUED, JobStatus.FAILED]
    assert json.loads((await joblog.desk.get(job_id)).error)["code"] == "WAITED_TOO_LONG"
    await busy.finish(completed())
    next_id = await submit_one(joblog)
    assert (await joblog.queue.claim()).job.job_id == next_id


async def test_a_job_that_runs_too_long_fails_and_its_worker_hears_of_it(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    job_id = await submit_one(joblog, run_seconds=0.3)
    claim = await joblog.queue.claim()
    async with asyncio.timeout(30):
        with pytest.raises(Superseded):
            await claim.lost()
    assert claim.seconds_left == 0
    assert json.loads((await joblog.desk.get(job_id)).error)["code"] == "RAN_TOO_LONG"
    with pytest.raises(Superseded):
        await claim.finish(completed())


async def test_a_job_that_waits_for_a_retry_past_its_deadline_fails(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    job_id = await submit_one(joblog, run_seconds=0.3)
    await (await joblog.queue.claim()).retry(delay_seconds=60)
    await ending_of(joblog, job_id)
    assert json.loads((await joblog.desk.get(job_id)).error)["code"] == "RAN_TOO_LONG"


async def test_heartbeats_keep_a_quiet_job(open_joblog: OpenJobLog) -> None:
    joblog, other = open_joblog(joblog_idle_seconds=1.5), open_joblog(joblog_idle_seconds=1.5)
    job_id = await submit_one(joblog)
    claim = await joblog.queue.claim()
    greedy = asyncio.create_task(other.queue.claim())
    await asyncio.sleep(3.2)  # two idle limits
    await claim.finish(completed())
    assert not greedy.done()
    greedy.cancel()
    assert (await joblog.desk.get(job_id)).deliveries == 1


async def test_a_silent_workers_job_is_taken_over_and_its_late_writes_are_refused(
    open_joblog: OpenJobLog, faulty_network: FaultyNetwork
) -> None:
    joblog = open_joblog()
    zombie = open_joblog(redis_url=faulty_network.url)
    job_id = await submit_one(joblog)
    stale = await zombie.queue.claim()
    await stale.append(analyzing(0.5))
    faulty_network.pause()
    late_append = asyncio.create_task(stale.append(analyzing(0.6)))
    claim = await joblog.queue.claim()
    assert (claim.job.job_id, claim.job.deliveries) == (job_id, 2)
    faulty_network.resume()
    with pytest.raises(Superseded):
        await late_append
    with pytest.raises(Superseded):
        await stale.lost()
    with pytest.raises(Superseded):
        await stale.finish(completed('"late"'))
    with pytest.raises(Superseded):
        await stale.retry(delay_seconds=0)
    await claim.finish(completed('"good"'))
    with pytest.raises(Superseded):
        await stale.finish(completed('"late"'))
    assert (await joblog.desk.get(job_id)).result == '"good"'
    assert [event.progress for event in await joblog.events.read(job_id)] == [0.0, 0.5, 1.0]


async def test_a_job_that_kills_its_workers_fails(open_joblog: OpenJobLog, faulty_network: FaultyNetwork) -> None:
    joblog = open_joblog(joblog_idle_seconds=0.3, joblog_max_deliveries=1)
    job_id = await submit_one(joblog)
    await open_joblog(redis_url=faulty_network.url, joblog_idle_seconds=0.3).queue.claim()
    await faulty_network.stop()
    survivor = asyncio.create_task(joblog.queue.claim())
    await ending_of(joblog, job_id)
    assert json.loads((await joblog.desk.get(job_id)).error)["code"] == "GAVE_UP"
    survivor.cancel()


async def test_a_cancelled_jobs_dead_worker_does_not_keep_it_alive(
    open_joblog: OpenJobLog, faulty_network: FaultyNetwork
) -> None:
    joblog = open_joblog(joblog_idle_seconds=0.3)
    job_id = await submit_one(joblog)
    await open_joblog(redis_url=faulty_network.url, joblog_idle_seconds=0.3).queue.claim()
    await faulty_network.stop()
    await joblog.desk.cancel(job_id, message="Cancelled.")
    survivor = asyncio.create_task(joblog.queue.claim())
    events = await ending_of(joblog, job_id)
    assert events[-1].status is JobStatus.CANCELLED
    survivor.cancel()


async def test_a_worker_that_leaves_hands_its_jobs_over_at_once(open_joblog: OpenJobLog) -> None:
    leaver, other = open_joblog(joblog_idle_seconds=30.0), open_joblog(joblog_idle_seconds=30.0)
    job_id = await submit_one(leaver)
    claim = await leaver.queue.claim()
    await leaver.queue.close()
    async with asyncio.timeout(10):  # well before the idle limit
        assert (await other.queue.claim()).job.job_id == job_id
    with pytest.raises(Superseded):
        await claim.lost()


async def test_cancelling_the_wait_for_a_job_loses_none(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog(joblog_idle_seconds=30.0, joblog_max_deliveries=1000)
    ids = {await submit_one(joblog) for _ in range(20)}
    claims: list[Claim] = []
    for number in range(200):
        waiting = asyncio.create_task(joblog.queue.claim())
        await asyncio.sleep(number % 10 / 2000)  # anywhere within a claim
        waiting.cancel()
        outcome = (await asyncio.gather(waiting, return_exceptions=True))[0]
        if not isinstance(outcome, BaseException):
            claims.append(outcome)
    while len(claims) < len(ids):
        async with asyncio.timeout(10):  # well before the idle limit
            claims.append(await joblog.queue.claim())
    assert {claim.job.job_id for claim in claims} == ids
