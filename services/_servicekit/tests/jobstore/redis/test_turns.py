"""Who is served when: tenants take turns, whoever is in a hurry goes first, nobody waits for ever."""

import asyncio
import random
from collections import Counter
from itertools import combinations
from typing import Any

import pytest
from redis.asyncio import Redis

from servicekit.errors import Exhausted
from servicekit.jobstore import Job, NewJob, Priority, Submitted
from servicekit.jobstore.redis import JobStoreClients, JobStoreSettings
from tests.fixtures.jobstore import OpenJobStore, completed, new_job, submit_one


async def submit(jobstore: JobStoreClients, tenant: str, number: int = 1, **changes: Any) -> list[NewJob]:
    jobs = [new_job(tenant=tenant, **changes) for _ in range(number)]
    for job in jobs:
        await jobstore.jobs.submit(job, queue_limit=1000)
    return jobs


async def serve(jobstore: JobStoreClients) -> Job:
    """Claims the next job and completes it."""
    claim = await jobstore.queue.claim()
    await claim.finish(completed())
    return claim.job


async def test_one_that_wants_much_does_not_starve_one_that_wants_little(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    await submit(jobstore, "heavy", 40)
    await submit(jobstore, "light", 5)
    served = [(await serve(jobstore)).tenant for _ in range(11)]
    assert Counter(served) == {"heavy": 6, "light": 5}


async def test_a_newcomer_is_told_the_place_that_it_has(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    heavy = await submit(jobstore, "heavy", 30)
    newcomer = new_job(tenant="light")
    submitted = await jobstore.jobs.submit(newcomer, queue_limit=1000)
    assert submitted.queue_position == 2
    assert (await jobstore.jobs.get(newcomer.job_id)).queue_position == 2
    assert (await jobstore.jobs.get(heavy[-1].job_id)).queue_position == 31
    order = [(await serve(jobstore)).job_id for _ in range(2)]
    assert order == [heavy[0].job_id, newcomer.job_id]


async def test_strangers_are_served_as_they_come(open_jobstore: OpenJobStore) -> None:
    """Each with one job: as in an app whose every user is a tenant."""
    jobstore = open_jobstore()
    jobs = [job for number in range(30) for job in await submit(jobstore, f"user-{number}")]
    half = [(await serve(jobstore)).job_id for _ in range(15)]
    jobs += [job for number in range(30, 40) for job in await submit(jobstore, f"user-{number}")]
    rest = [(await serve(jobstore)).job_id for _ in range(25)]
    assert half + rest == [job.job_id for job in jobs]


async def test_a_tenants_own_jobs_stay_in_their_order(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    jobs = await submit(jobstore, "one", 20)
    assert [(await serve(jobstore)).job_id for _ in jobs] == [job.job_id for job in jobs]


async def test_idle_time_is_no_credit_and_past_use_no_debt(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    await submit(jobstore, "old", 30)
    for _ in range(30):
        await serve(jobstore)
    await submit(jobstore, "new", 10)
    await submit(jobstore, "old", 10)
    served = Counter([(await serve(jobstore)).tenant for _ in range(10)])
    assert abs(served["old"] - served["new"]) <= 2


async def test_what_was_cancelled_unserved_is_not_charged(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    (served, *regretted) = await submit(jobstore, "one", 30)
    await submit(jobstore, "other", 30)
    assert (await serve(jobstore)).job_id == served.job_id
    for job in regretted:
        await jobstore.jobs.cancel(job.job_id, message="Cancelled.")
    (wanted,) = await submit(jobstore, "one")
    assert (await jobstore.jobs.get(wanted.job_id)).queue_position in (2, 3), "behind what it was served, no more"


async def test_a_tenants_jobs_stay_in_order_when_one_between_is_cancelled(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    jobs = await submit(jobstore, "one", 10)
    await jobstore.jobs.cancel(jobs.pop(4).job_id, message="Cancelled.")
    jobs += await submit(jobstore, "one", 5)
    assert [(await serve(jobstore)).job_id for _ in jobs] == [job.job_id for job in jobs]


async def test_large_jobs_take_a_larger_part_of_ones_turn(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    await submit(jobstore, "four variants", 10, cost=4)
    await submit(jobstore, "one variant", 40)
    served = Counter([(await serve(jobstore)).tenant for _ in range(25)])
    assert served["four variants"] == pytest.approx(5, abs=1)


async def test_whoever_looks_at_a_screen_goes_before_a_batch(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    await submit(jobstore, "archive", 30, priority=Priority.BATCH)
    await submit(jobstore, "museum", 30, priority=Priority.BATCH)
    for tenant in ("app", "archive"):  # also where the batch is one's own
        (job,) = await submit(jobstore, tenant)
        assert (await jobstore.jobs.get(job.job_id)).queue_position == 1
        assert (await serve(jobstore)).job_id == job.job_id


async def test_a_batch_is_served_in_the_end_however_many_are_in_a_hurry(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    (batch,) = await submit(jobstore, "archive", priority=Priority.BATCH)
    await submit(jobstore, "app", 3)
    for served in range(200):
        if (await serve(jobstore)).job_id == batch.job_id:
            break
        await submit(jobstore, "app" if served % 2 else f"stranger-{served}")
    assert 16 <= served < 199


async def test_a_job_that_is_tried_again_keeps_its_turn(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    first, *_rest = await submit(jobstore, "one", 10)
    claim = await jobstore.queue.claim()
    assert claim.job.job_id == first.job_id
    await claim.retry(delay_seconds=0)
    while not (await jobstore.jobs.get(first.job_id)).queue_position:  # noqa: ASYNC110 - the upkeep tells nobody
        await asyncio.sleep(0.02)  # until the upkeep has put it back
    assert (await jobstore.jobs.get(first.job_id)).queue_position == 1


async def test_a_tenant_that_has_too_many_waiting_is_refused_and_others_are_not(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()

    async def try_one(tenant: str, priority: Priority = Priority.INTERACTIVE) -> None:
        await jobstore.jobs.submit(new_job(tenant=tenant, priority=priority), queue_limit=4, tenant_limit=2)

    for _ in range(2):
        await try_one("heavy")
    with pytest.raises(Exhausted) as caught:
        await try_one("heavy")
    assert caught.value.reason == "TOO_MANY_WAITING"
    assert float(caught.value.metadata["retry_after_seconds"]) >= 1
    await try_one("heavy", Priority.BATCH)
    await try_one("light")
    with pytest.raises(Exhausted) as caught:
        await try_one("third")
    assert caught.value.reason == "QUEUE_FULL"
    await serve(jobstore)
    await try_one("heavy")


async def test_limits_count_work_and_name_it(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()

    async def try_one(tenant: str, cost: int, priority: Priority = Priority.INTERACTIVE) -> Submitted:
        job = new_job(tenant=tenant, cost=cost, priority=priority)
        return await jobstore.jobs.submit(job, queue_limit=12, tenant_limit=8)

    assert (await try_one("heavy", 4)).work_ahead == 0
    second = await try_one("heavy", 4)
    assert (second.queue_position, second.work_ahead) == (2, 4)
    with pytest.raises(Exhausted, match="TOO_MANY_WAITING") as caught:
        await try_one("heavy", 1)
    assert caught.value.message == "Too many of your transformations are waiting. Try again soon."
    with pytest.raises(Exhausted, match="QUEUE_FULL") as caught:
        await try_one("light", 5)
    assert "for another that is as much work as 5 pictures" in caught.value.message
    light = await try_one("light", 2, Priority.BATCH)  # its place in turns is not what it counts for
    assert (await jobstore.jobs.get(light.job_id)).work_ahead == 8
    await jobstore.jobs.cancel(second.job_id, message="Cancelled.")
    assert (await jobstore.jobs.get(light.job_id)).work_ahead == 4
    await serve(jobstore)
    await jobstore.jobs.cancel(light.job_id, message="Cancelled.")
    await try_one("heavy", 30)  # more than may wait, where nothing waits: it would be refused for ever
    with pytest.raises(Exhausted, match="QUEUE_FULL"):
        await try_one("light", 1)


async def test_work_is_right_again_where_another_release_has_moved_jobs_without_it(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings, redis: Redis
) -> None:
    jobstore, tag = open_jobstore(), f"{{{jobstore_settings.joblog_namespace}}}"
    claimed, delayed, last = [await submit_one(jobstore, tenant="t", cost=4) for _ in range(3)]
    flow = str(await redis.hget(f"{tag}:job:{claimed}", "flow"))
    for job_id in (claimed, delayed):  # as that release's `claim` and `retry` take them out
        await redis.zrem(f"{tag}:waiting", job_id)
        await redis.hincrby(f"{tag}:backlog", flow, -1)
    assert (await jobstore.jobs.get(last)).work_ahead == 0
    await redis.zadd(f"{tag}:waiting", {delayed: 0})  # and its `requeue` puts one back, which counts as one
    await redis.hincrby(f"{tag}:backlog", flow, 1)
    assert (await jobstore.jobs.get(last)).work_ahead == 1
    assert await redis.zcard(f"{tag}:heavy") == 1
    with pytest.raises(Exhausted, match="TOO_MANY_WAITING"):
        await jobstore.jobs.submit(new_job(tenant="t", cost=2), queue_limit=100, tenant_limit=6)
    await jobstore.jobs.submit(new_job(tenant="t", cost=1), queue_limit=100, tenant_limit=6)


async def test_an_idempotency_key_is_its_tenants_own(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    jobs = [new_job(tenant=tenant, idempotency_key="key", request_digest="a1") for tenant in ("one", "two", "one")]
    answers = [await jobstore.jobs.submit(job, queue_limit=10) for job in jobs]
    assert [answer.created for answer in answers] == [True, True, False]
    assert answers[2].job_id == jobs[0].job_id
    assert (await jobstore.jobs.get(jobs[1].job_id)).tenant == "two"


@pytest.mark.parametrize("seed", range(4))
async def test_service_is_shared_as_start_time_fair_queueing_promises(open_jobstore: OpenJobStore, seed: int) -> None:
    """Goyal, Vin, Cheng 1996, theorem 1: what two tenants that wait all the while have got never differs by more than
    the largest job of each."""
    jobstore, chance, largest = open_jobstore(), random.Random(seed), 4
    tenants = ["a", "b", "c"]
    jobs = {tenant: [new_job(tenant=tenant, cost=chance.randint(1, largest)) for _ in range(15)] for tenant in tenants}
    costs = {job.job_id: job.cost for tenant in tenants for job in jobs[tenant]}
    for job in chance.sample([job for tenant in tenants for job in jobs[tenant]], len(costs)):
        await jobstore.jobs.submit(job, queue_limit=1000)
    got, left = dict.fromkeys(tenants, 0), dict.fromkeys(tenants, 15)
    while all(left.values()):
        served = await serve(jobstore)
        left[served.tenant] -= 1
        got[served.tenant] += costs[served.job_id]
        assert all(abs(got[one] - got[other]) <= 2 * largest for one, other in combinations(tenants, 2))
