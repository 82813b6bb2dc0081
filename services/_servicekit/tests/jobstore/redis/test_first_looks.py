"""Jobs that wait for a first look: who is given which, and what is shown when."""

import asyncio
from typing import Any

import pytest

from servicekit.jobstore import JobStatus, Update
from servicekit.jobstore.redis import JobStoreSettings
from tests.fixtures.jobstore import OpenJobStore, analyzing, completed, submit_one


async def test_jobs_come_by_their_turns_each_once(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    many = [await submit_one(jobstore, tenant="carl", first_look=True) for _ in range(3)]
    await submit_one(jobstore, tenant="carl")
    (one,) = [await submit_one(jobstore, tenant="dora", first_look=True)]
    taken = [(await jobstore.first_looks.take()).job_id for _ in range(4)]
    assert taken == [many[0], one, *many[1:]], "who sends many photos keeps nobody waiting"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(jobstore.first_looks.take(), 0.05)
    await jobstore.first_looks.close()


async def test_whoever_waits_is_given_a_job_at_once_beside_the_worker(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    waiting = asyncio.create_task(jobstore.first_looks.take())
    claiming = asyncio.create_task(jobstore.queue.claim())
    await asyncio.sleep(0.05)  # both listen
    job_id = await submit_one(jobstore, first_look=True)
    async with asyncio.timeout(0.5):
        assert (await waiting).job_id == (await claiming).job.job_id == job_id
    await jobstore.first_looks.close()


async def test_jobs_that_ended_or_have_a_picture_are_left_out(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    await submit_one(jobstore, first_look=True)
    await (await jobstore.queue.claim()).finish(completed())
    await submit_one(jobstore, first_look=True)
    claim = await jobstore.queue.claim()
    await claim.append(Update(status=JobStatus.ANALYZING, progress=0.1, message="…", preview_key="of the engine"))
    last = await submit_one(jobstore, first_look=True)
    assert (await jobstore.first_looks.take()).job_id == last
    assert not await jobstore.first_looks.show(claim.job.job_id, "too late")
    assert not await jobstore.first_looks.show("unknown", "too late")
    await claim.finish(completed())
    await jobstore.first_looks.close()


async def test_lease_holder_learns_of_the_event_before_a_failover_can_lose_it(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings, redis: Any
) -> None:
    """A watcher has seen the look's number: nothing else may ever bear it."""
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore, first_look=True)
    claim = await jobstore.queue.claim()
    await asyncio.sleep(0.05)  # it listens
    assert await jobstore.first_looks.show(job_id, "look")
    assert await jobstore.first_looks.show(job_id, "look"), "a repeated call is answered like the first"
    await asyncio.sleep(0.1)  # the next heartbeat is over
    tag = f"{{{jobstore_settings.joblog_namespace}}}"
    await redis.hset(f"{tag}:job:{job_id}", mapping={"seq": 1, "preview_key": ""})
    (number, fields), _look = await redis.xrange(f"{tag}:events:{job_id}")
    await redis.delete(f"{tag}:events:{job_id}")
    await redis.xadd(f"{tag}:events:{job_id}", fields, id=number)
    await claim.append(analyzing())
    assert [event.status for event in await jobstore.events.read(job_id)] == ["queued", "queued", "analyzing"]
    await jobstore.first_looks.close()
