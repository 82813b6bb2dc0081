"""Deliveries of webhooks: scheduled with the ending, leased, repeated, given up, deleted."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from servicekit.errors import InvalidArgument
from servicekit.jobstore import JobStatus
from servicekit.jobstore.outbox import Delivery, Outcome, Settlement
from servicekit.jobstore.redis import JobStoreClients, JobStoreSettings
from servicekit.jobstore.redis.connection import Keys
from tests.fixtures.jobstore import OpenJobStore, analyzing, completed, new_job
from tests.fixtures.valkey import Valkey

URL = "https://receiver.example/hooks?job=1"


async def _cancelled(jobstore: JobStoreClients, **changes: object) -> str:
    """A job that has ended."""
    job = new_job(webhook_url=URL, **changes)
    await jobstore.jobs.submit(job, queue_limit=100)
    await jobstore.jobs.cancel(job.job_id, message="Cancelled.")
    return job.job_id


async def _claim(jobstore: JobStoreClients, *, lease_seconds: float = 60.0) -> list[Delivery]:
    return list(await jobstore.outbox.claim(limit=10, lease_seconds=lease_seconds))


async def test_an_ending_is_to_be_delivered_and_nothing_before_it(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job = new_job(webhook_url=URL)
    await jobstore.jobs.submit(job, queue_limit=10)
    claim = await jobstore.queue.claim()
    await claim.append(analyzing())
    assert await _claim(jobstore) == []
    await claim.finish(completed())
    (delivery,) = await _claim(jobstore)
    assert (delivery.job_id, delivery.url, delivery.status) == (job.job_id, URL, JobStatus.COMPLETED)
    assert (delivery.message, delivery.error, delivery.attempt) == ("Ready!", "", 1)
    assert delivery.created_at <= delivery.happened_at
    assert delivery.message_id == f"msg_{job.job_id}"


async def test_a_receiver_is_told_of_what_it_asks_for(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job = new_job(webhook_url=URL, webhook_events=("accepted", "failed"), traceparent="")
    await jobstore.jobs.submit(job, queue_limit=10)
    (delivery,) = await _claim(jobstore)
    assert (delivery.job_id, delivery.event, delivery.status) == (job.job_id, "accepted", JobStatus.QUEUED)
    assert (delivery.url, delivery.message, delivery.error, delivery.attempt) == (URL, job.message, "", 1)
    assert delivery.message_id == f"msg_{job.job_id}_accepted"
    assert delivery.happened_at == delivery.created_at
    await jobstore.outbox.settle(delivery, Settlement(outcome=Outcome.DELIVERED, reason="200"))
    await jobstore.jobs.cancel(job.job_id, message="Cancelled.")
    assert await _claim(jobstore) == []
    failing = new_job(webhook_url=URL, webhook_events=("failed",), wait_seconds=0.05)
    await jobstore.jobs.submit(failing, queue_limit=10)
    assert await _claim(jobstore) == []
    found: list[Delivery] = []
    async with asyncio.timeout(30), jobstore.events.announcements():  # whoever listens does the upkeep
        while not found:
            found = await _claim(jobstore)
            await asyncio.sleep(0.02)  # the upkeep notices in its own time
    assert [(one.job_id, one.event) for one in found] == [(failing.job_id, "failed")]


async def test_a_purged_job_is_not_told_of_any_more(open_jobstore: OpenJobStore, redis: Redis) -> None:
    jobstore = open_jobstore()
    job = new_job(webhook_url=URL, webhook_events=("accepted",))
    await jobstore.jobs.submit(job, queue_limit=10)
    await jobstore.jobs.begin_purge(job.job_id, message="Deleted.")
    await jobstore.jobs.finish_purge(job.job_id)
    assert await _claim(jobstore) == []
    assert [key async for key in redis.scan_iter(f"*{job.job_id}*")] == []


async def test_whoever_ends_a_job_schedules_its_delivery(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    ids = {
        await _cancelled(jobstore): JobStatus.CANCELLED,
        (late := new_job(webhook_url=URL, wait_seconds=0.05)).job_id: JobStatus.FAILED,
    }
    await jobstore.jobs.submit(late, queue_limit=10)
    found: dict[str, JobStatus] = {}
    async with asyncio.timeout(30), jobstore.events.announcements():  # whoever listens does the upkeep
        while found.keys() != ids.keys():
            found |= {delivery.job_id: delivery.status for delivery in await _claim(jobstore)}
            await asyncio.sleep(0.02)  # the upkeep notices in its own time
    assert found == ids


async def test_a_job_without_a_receiver_delivers_nothing(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job = new_job()
    await jobstore.jobs.submit(job, queue_limit=10)
    await jobstore.jobs.cancel(job.job_id, message="Cancelled.")
    assert await _claim(jobstore) == []
    assert (await jobstore.outbox.state()).pending == 0


async def test_a_leased_delivery_is_nobody_elses_until_the_lease_is_over(open_jobstore: OpenJobStore) -> None:
    one, other = open_jobstore(), open_jobstore()
    await _cancelled(one)
    (first,) = await _claim(one, lease_seconds=0.3)
    assert await _claim(other) == []
    async with asyncio.timeout(30):
        while not (second := await _claim(other)):  # noqa: ASYNC110 - the store's clock ends the lease, and tells nobody
            await asyncio.sleep(0.02)
    assert (second[0].message_id, second[0].attempt) == (first.message_id, 2)
    await one.outbox.settle(first, Settlement(outcome=Outcome.DEAD, reason="LATE"))  # wakes up and has no say
    assert (await other.outbox.state()).pending == 1
    await other.outbox.settle(second[0], Settlement(outcome=Outcome.DELIVERED))
    assert (await other.outbox.state()).pending == 0


async def test_two_takers_at_once_never_share_a_delivery(open_jobstore: OpenJobStore) -> None:
    stores = [open_jobstore() for _ in range(3)]
    ids = [await _cancelled(stores[0]) for _ in range(20)]
    claimed: list[str] = []
    while len(claimed) < len(ids):
        batches = await asyncio.gather(*(_claim(jobstore) for jobstore in stores))
        claimed += [delivery.job_id for batch in batches for delivery in batch]
    assert sorted(claimed) == sorted(ids)


async def test_a_failed_attempt_comes_back_and_one_not_made_does_not_count(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    await _cancelled(jobstore)
    (first,) = await _claim(jobstore)
    await jobstore.outbox.settle(first, Settlement(outcome=Outcome.DEFERRED))
    (same,) = await _claim(jobstore)
    assert same.attempt == 1
    await jobstore.outbox.settle(same, Settlement(outcome=Outcome.RETRY, reason="503"))
    (second,) = await _claim(jobstore)
    assert second.attempt == 2
    await jobstore.outbox.settle(second, Settlement(outcome=Outcome.RETRY, reason="503", delay_seconds=600))
    assert await _claim(jobstore) == []
    state = await jobstore.outbox.state()
    assert (state.pending, state.late_seconds) == (1, 0.0)


async def test_what_is_given_up_is_kept_for_operators(
    open_jobstore: OpenJobStore, redis: Redis, jobstore_settings: JobStoreSettings
) -> None:
    jobstore = open_jobstore()
    job_id = await _cancelled(jobstore)
    (delivery,) = await _claim(jobstore)
    await jobstore.outbox.settle(delivery, Settlement(outcome=Outcome.DEAD, reason="404", receiver="receiver.example"))
    keys = Keys(jobstore_settings.joblog_namespace)
    entries: Any = await redis.xrange(keys.dead_deliveries)
    ((_, lost),) = entries
    assert (lost["job"], lost["receiver"], lost["reason"], lost["attempts"]) == (job_id, "receiver.example", "404", "1")
    assert (await redis.hget(keys.webhook(job_id), "state")) == "lost"
    assert await _claim(jobstore) == []


async def test_a_delivery_is_kept_no_longer_than_its_job(
    open_jobstore: OpenJobStore, redis: Redis, jobstore_settings: JobStoreSettings
) -> None:
    jobstore = open_jobstore()
    job_id = await _cancelled(jobstore)
    keys = Keys(jobstore_settings.joblog_namespace)
    assert await redis.pexpiretime(keys.webhook(job_id)) == await redis.pexpiretime(keys.job(job_id))
    await redis.delete(keys.webhook(job_id))  # as its expiry does
    assert await _claim(jobstore) == []
    assert (await jobstore.outbox.state()).pending == 0


async def test_nothing_is_accepted_for_a_receiver_that_is_gone(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    await jobstore.outbox.close_endpoint("anna", URL, seconds=60)
    assert await jobstore.outbox.is_closed("anna", "https://receiver.example/hooks?job=2")
    assert not await jobstore.outbox.is_closed("anna", "https://receiver.example/other")
    await jobstore.jobs.submit(new_job(tenant="bert", webhook_url=URL), queue_limit=10)
    with pytest.raises(InvalidArgument) as caught:
        await jobstore.jobs.submit(new_job(tenant="anna", webhook_url=URL), queue_limit=10)
    assert (caught.value.reason, caught.value.metadata["field"]) == ("WEBHOOK_GONE", "webhook_url")


async def test_deliveries_survive_a_killed_store(own_valkey: Valkey, open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore(redis_url=own_valkey.url)
    job_id = await _cancelled(jobstore)
    await asyncio.to_thread(own_valkey.kill)
    await asyncio.to_thread(own_valkey.start)
    (delivery,) = await _claim(open_jobstore(redis_url=own_valkey.url))
    assert delivery.job_id == job_id
