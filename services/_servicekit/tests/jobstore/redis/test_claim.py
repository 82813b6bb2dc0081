"""Jobs whose time runs out and workers that freeze, die or stop, on a real Valkey."""

import asyncio
import json
from typing import Any

import pytest

from servicekit.jobstore import Claim, JobStatus, Superseded
from servicekit.jobstore.redis import JobStoreSettings
from servicekit.jobstore.redis.connection import Keys
from tests.fixtures.jobstore import FaultyNetwork, OpenJobStore, analyzing, completed, ending_of, submit_one


async def test_cancelling_ends_a_job_whose_worker_sleeps(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    await jobstore.queue.close()  # no heartbeat, and nobody who takes over
    await jobstore.jobs.cancel(job_id, message="Cancelled.")
    assert (await jobstore.events.read(job_id))[-1].status is JobStatus.CANCELLED
    with pytest.raises(Superseded):
        await claim.lost()


async def test_a_cancelled_job_that_runs_out_of_time_is_cancelled_all_the_same(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore, run_seconds=0.3)
    await jobstore.queue.claim()  # by a worker that does not care
    await jobstore.jobs.cancel(job_id, message="Cancelled.")
    assert (await ending_of(jobstore, job_id))[-1].status is JobStatus.CANCELLED


async def test_a_job_that_waits_too_long_fails_though_all_workers_are_busy(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    await submit_one(jobstore)
    busy = await jobstore.queue.claim()
    job_id = await submit_one(jobstore, wait_seconds=0.2)
    events = await ending_of(jobstore, job_id)
    assert [event.status for event in events] == [JobStatus.QUEUED, JobStatus.FAILED]
    assert json.loads((await jobstore.jobs.get(job_id)).error)["code"] == "WAITED_TOO_LONG"
    await busy.finish(completed())
    next_id = await submit_one(jobstore)
    assert (await jobstore.queue.claim()).job.job_id == next_id


async def test_a_job_that_runs_too_long_fails_and_its_worker_hears_of_it(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore, run_seconds=0.3)
    claim = await jobstore.queue.claim()
    async with asyncio.timeout(30):
        with pytest.raises(Superseded):
            await claim.lost()
    assert claim.seconds_left == 0
    assert json.loads((await jobstore.jobs.get(job_id)).error)["code"] == "RAN_TOO_LONG"
    with pytest.raises(Superseded):
        await claim.finish(completed())


async def test_waiting_for_a_device_uses_up_no_time_for_running(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore, run_seconds=1.0, wait_seconds=30.0)
    claim = await jobstore.queue.claim()
    assert claim.seconds_left < 1.0
    await claim.wait_for_device()
    assert claim.waits_for_device
    assert 29.0 < claim.seconds_left < 31.0
    await asyncio.sleep(1.2)  # longer than it may run
    await claim.append(analyzing())
    await claim.device_taken()
    assert not claim.waits_for_device
    assert 0.5 < claim.seconds_left <= 1.0
    for call in (claim.wait_for_device, claim.device_taken):
        await call()
        assert claim.seconds_left <= 1.0, "once a delivery"
    assert [event.status for event in await ending_of(jobstore, job_id)][-1] is JobStatus.FAILED
    assert json.loads((await jobstore.jobs.get(job_id)).error)["code"] == "RAN_TOO_LONG"


async def test_a_job_that_no_device_takes_has_waited_too_long(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore, run_seconds=0.2, wait_seconds=0.3)
    claim = await jobstore.queue.claim()
    await claim.wait_for_device()
    await ending_of(jobstore, job_id)
    assert json.loads((await jobstore.jobs.get(job_id)).error)["code"] == "WAITED_TOO_LONG"
    with pytest.raises(Superseded):
        await claim.device_taken()
    with pytest.raises(Superseded):
        await claim.wait_for_device()


async def test_a_job_that_is_delivered_again_waits_again_but_not_for_ever(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    await submit_one(jobstore, run_seconds=5.0, wait_seconds=8.0)
    claim = await jobstore.queue.claim()
    await claim.wait_for_device()
    first = claim.seconds_left
    await claim.device_taken()
    await claim.retry(delay_seconds=0)
    again = await jobstore.queue.claim()
    assert again.seconds_left <= 5.0
    await again.wait_for_device()
    assert again.seconds_left <= first, "its time for waiting is counted from when it was accepted"
    assert first <= 13.0
    await again.finish(completed())


async def test_a_job_that_waits_for_a_retry_past_its_deadline_fails(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore, run_seconds=0.3)
    await (await jobstore.queue.claim()).retry(delay_seconds=60)
    await ending_of(jobstore, job_id)
    assert json.loads((await jobstore.jobs.get(job_id)).error)["code"] == "RAN_TOO_LONG"


@pytest.mark.slow
async def test_heartbeats_keep_a_quiet_job(open_jobstore: OpenJobStore) -> None:
    jobstore, other = open_jobstore(joblog_idle_seconds=1.5), open_jobstore(joblog_idle_seconds=1.5)
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    greedy = asyncio.create_task(other.queue.claim())
    await asyncio.sleep(3.2)  # two idle limits
    await claim.finish(completed())
    assert not greedy.done()
    greedy.cancel()
    assert (await jobstore.jobs.get(job_id)).deliveries == 1


async def test_a_silent_workers_job_is_taken_over_and_its_late_writes_are_refused(
    open_jobstore: OpenJobStore, faulty_network: FaultyNetwork
) -> None:
    jobstore = open_jobstore()
    zombie = open_jobstore(redis_url=faulty_network.url)
    job_id = await submit_one(jobstore)
    stale = await zombie.queue.claim()
    await stale.append(analyzing(0.5))
    faulty_network.pause()
    late_append = asyncio.create_task(stale.append(analyzing(0.6)))
    claim = await jobstore.queue.claim()
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
    assert (await jobstore.jobs.get(job_id)).result == '"good"'
    assert [event.progress for event in await jobstore.events.read(job_id)] == [0.0, 0.5, 1.0]


async def test_a_job_that_kills_its_workers_fails(open_jobstore: OpenJobStore, faulty_network: FaultyNetwork) -> None:
    jobstore = open_jobstore(joblog_idle_seconds=0.3, joblog_max_deliveries=1)
    job_id = await submit_one(jobstore)
    await open_jobstore(redis_url=faulty_network.url, joblog_idle_seconds=0.3).queue.claim()
    await faulty_network.stop()
    survivor = asyncio.create_task(jobstore.queue.claim())
    await ending_of(jobstore, job_id)
    assert json.loads((await jobstore.jobs.get(job_id)).error)["code"] == "GAVE_UP"
    survivor.cancel()


async def test_a_cancelled_jobs_dead_worker_does_not_keep_it_alive(
    open_jobstore: OpenJobStore, faulty_network: FaultyNetwork
) -> None:
    jobstore = open_jobstore(joblog_idle_seconds=0.3)
    job_id = await submit_one(jobstore)
    await open_jobstore(redis_url=faulty_network.url, joblog_idle_seconds=0.3).queue.claim()
    await faulty_network.stop()
    await jobstore.jobs.cancel(job_id, message="Cancelled.")
    survivor = asyncio.create_task(jobstore.queue.claim())
    events = await ending_of(jobstore, job_id)
    assert events[-1].status is JobStatus.CANCELLED
    survivor.cancel()


async def test_a_worker_that_leaves_hands_its_jobs_over_at_once(open_jobstore: OpenJobStore) -> None:
    leaver, other = open_jobstore(joblog_idle_seconds=30.0), open_jobstore(joblog_idle_seconds=30.0)
    job_id = await submit_one(leaver)
    claim = await leaver.queue.claim()
    await leaver.queue.close()
    async with asyncio.timeout(10):  # well before the idle limit
        assert (await other.queue.claim()).job.job_id == job_id
    with pytest.raises(Superseded):
        await claim.lost()


async def test_cancelling_the_wait_for_a_job_loses_none(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore(joblog_idle_seconds=30.0, joblog_max_deliveries=1000)
    ids = {await submit_one(jobstore) for _ in range(20)}
    claims: list[Claim] = []
    for number in range(200):
        waiting = asyncio.create_task(jobstore.queue.claim())
        await asyncio.sleep(number % 10 / 2000)  # anywhere within a claim
        waiting.cancel()
        outcome = (await asyncio.gather(waiting, return_exceptions=True))[0]
        if not isinstance(outcome, BaseException):
            claims.append(outcome)
    while len(claims) < len(ids):
        async with asyncio.timeout(10):  # well before the idle limit
            claims.append(await jobstore.queue.claim())
    assert {claim.job.job_id for claim in claims} == ids


async def test_numbers_that_watchers_have_seen_are_not_given_again_where_a_failover_lost_their_events(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings, redis: Any
) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    await claim.append(analyzing(0.1))
    keys = Keys(jobstore_settings.joblog_namespace)
    record, log = await redis.hgetall(keys.job(job_id)), await redis.dump(keys.events(job_id))
    for progress in (0.2, 0.3):
        await claim.append(analyzing(progress))
    await redis.hset(keys.job(job_id), mapping=record)  # a replica that has less becomes the primary
    await redis.restore(keys.events(job_id), 0, log, replace=True)
    await claim.append(analyzing(0.4))
    assert [event.progress for event in await jobstore.events.read(job_id)] == [0, 0.1, 0.1, 0.1, 0.4]
    await redis.hset(keys.job(job_id), mapping=record)
    await redis.restore(keys.events(job_id), 0, log, replace=True)
    await claim.finish(completed())
    events = await jobstore.events.read(job_id)
    assert [(event.seq, event.terminal) for event in events] == [(seq, seq == 6) for seq in range(1, 7)]
