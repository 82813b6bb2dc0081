"""Deliveries to those who want to be told: scheduled with the ending, leased, repeated, given up, forgotten."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from servicekit.errors import InvalidArgument
from servicekit.jobstore import JobStatus
from servicekit.jobstore.outbox import Delivery, Outcome, Settlement
from servicekit.jobstore.redis import JobLog, JobLogSettings
from servicekit.jobstore.redis.connection import Keys
from tests.fixtures.jobstore import OpenJobLog, analyzing, completed, new_job
from tests.fixtures.valkey import Valkey

URL = "https://receiver.example/hooks?job=1"


@pytest.fixture
async def redis(valkey_server: Valkey) -> AsyncIterator[Redis]:
    client = Redis.from_url(valkey_server.url, decode_responses=True)
    yield client
    await client.aclose()


async def _cancelled(joblog: JobLog, **changes: object) -> str:
    """A job that has ended."""
    job = new_job(webhook_url=URL, **changes)
    await joblog.desk.submit(job, queue_limit=100)
    await joblog.desk.cancel(job.job_id, message="Cancelled.")
    return job.job_id


async def _take(joblog: JobLog, *, lease_seconds: float = 60.0) -> list[Delivery]:
    return list(await joblog.outbox.take(limit=10, lease_seconds=lease_seconds))


async def test_an_ending_is_to_be_delivered_and_nothing_before_it(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    job = new_job(webhook_url=URL)
    await joblog.desk.submit(job, queue_limit=10)
    claim = await joblog.queue.claim()
    await claim.append(analyzing())
    assert await _take(joblog) == []
    await claim.finish(completed())
    (delivery,) = await _take(joblog)
    assert (delivery.job_id, delivery.url, delivery.status) == (job.job_id, URL, JobStatus.COMPLETED)
    assert (delivery.message, delivery.error, delivery.attempt) == ("Ready!", "", 1)
    assert delivery.created_at <= delivery.ended_at
    assert delivery.message_id == f"msg_{job.job_id}"


async def test_whoever_ends_a_job_schedules_its_delivery(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    ids = {
        await _cancelled(joblog): JobStatus.CANCELLED,
        (late := new_job(webhook_url=URL, wait_seconds=0.05)).job_id: JobStatus.FAILED,
    }
    await joblog.desk.submit(late, queue_limit=10)
    found: dict[str, JobStatus] = {}
    async with asyncio.timeout(30), joblog.events.announcements():  # whoever listens does the upkeep
        while found.keys() != ids.keys():
            found |= {delivery.job_id: delivery.status for delivery in await _take(joblog)}
            await asyncio.sleep(0.02)  # the upkeep notices in its own time
    assert found == ids


async def test_a_job_without_a_receiver_delivers_nothing(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    job = new_job()
    await joblog.desk.submit(job, queue_limit=10)
    await joblog.desk.cancel(job.job_id, message="Cancelled.")
    assert await _take(joblog) == []
    assert (await joblog.outbox.state()).pending == 0


async def test_a_leased_delivery_is_nobody_elses_until_the_lease_is_over(open_joblog: OpenJobLog) -> None:
    one, other = open_joblog(), open_joblog()
    await _cancelled(one)
    (first,) = await _take(one, lease_seconds=0.3)
    assert await _take(other) == []
    async with asyncio.timeout(30):
        while not (second := await _take(other)):  # noqa: ASYNC110 - the store's clock ends the lease, and tells nobody
            await asyncio.sleep(0.02)
    assert (second[0].message_id, second[0].attempt) == (first.message_id, 2)
    await one.outbox.settle(first, Settlement(outcome=Outcome.LOST, reason="LATE"))  # wakes up and has no say
    assert (await other.outbox.state()).pending == 1
    await other.outbox.settle(second[0], Settlement(outcome=Outcome.DELIVERED))
    assert (await other.outbox.state()).pending == 0


async def test_two_takers_at_once_never_share_a_delivery(open_joblog: OpenJobLog) -> None:
    joblogs = [open_joblog() for _ in range(3)]
    ids = [await _cancelled(joblogs[0]) for _ in range(20)]
    taken: list[str] = []
    while len(taken) < len(ids):
        batches = await asyncio.gather(*(_take(joblog) for joblog in joblogs))
        taken += [delivery.job_id for batch in batches for delivery in batch]
    assert sorted(taken) == sorted(ids)


async def test_a_failed_attempt_comes_back_and_one_not_made_does_not_count(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    await _cancelled(joblog)
    (first,) = await _take(joblog)
    await joblog.outbox.settle(first, Settlement(outcome=Outcome.LATER))
    (same,) = await _take(joblog)
    assert same.attempt == 1
    await joblog.outbox.settle(same, Settlement(outcome=Outcome.AGAIN, reason="503"))
    (second,) = await _take(joblog)
    assert second.attempt == 2
    await joblog.outbox.settle(second, Settlement(outcome=Outcome.AGAIN, reason="503", delay_seconds=600))
    assert await _take(joblog) == []
    state = await joblog.outbox.state()
    assert (state.pending, state.late_seconds) == (1, 0.0)


async def test_what_is_given_up_is_kept_for_operators(
    open_joblog: OpenJobLog, redis: Redis, joblog_settings: JobLogSettings
) -> None:
    joblog = open_joblog()
    job_id = await _cancelled(joblog)
    (delivery,) = await _take(joblog)
    await joblog.outbox.settle(delivery, Settlement(outcome=Outcome.LOST, reason="404", receiver="receiver.example"))
    keys = Keys(joblog_settings.joblog_namespace)
    entries: Any = await redis.xrange(keys.lost)
    ((_, lost),) = entries
    assert (lost["job"], lost["receiver"], lost["reason"], lost["attempts"]) == (job_id, "receiver.example", "404", "1")
    assert (await redis.hget(keys.webhook(job_id), "state")) == "lost"
    assert await _take(joblog) == []


async def test_a_delivery_is_kept_no_longer_than_its_job(
    open_joblog: OpenJobLog, redis: Redis, joblog_settings: JobLogSettings
) -> None:
    joblog = open_joblog()
    job_id = await _cancelled(joblog)
    keys = Keys(joblog_settings.joblog_namespace)
    assert await redis.pexpiretime(keys.webhook(job_id)) == await redis.pexpiretime(keys.job(job_id))
    await redis.delete(keys.webhook(job_id))  # as its expiry does
    assert await _take(joblog) == []
    assert (await joblog.outbox.state()).pending == 0


async def test_nothing_is_accepted_for_a_receiver_that_is_gone(open_joblog: OpenJobLog) -> None:
    joblog = open_joblog()
    await joblog.outbox.close_endpoint("anna", URL, seconds=60)
    assert await joblog.outbox.is_closed("anna", "https://receiver.example/hooks?job=2")
    assert not await joblog.outbox.is_closed("anna", "https://receiver.example/other")
    await joblog.desk.submit(new_job(tenant="bert", webhook_url=URL), queue_limit=10)
    with pytest.raises(InvalidArgument) as caught:
        await joblog.desk.submit(new_job(tenant="anna", webhook_url=URL), queue_limit=10)
    assert (caught.value.reason, caught.value.metadata["field"]) == ("WEBHOOK_GONE", "webhook_url")


async def test_deliveries_survive_a_killed_store(own_valkey: Valkey, open_joblog: OpenJobLog) -> None:
    joblog = open_joblog(redis_url=own_valkey.url)
    job_id = await _cancelled(joblog)
    await asyncio.to_thread(own_valkey.kill)
    await asyncio.to_thread(own_valkey.start)
    (delivery,) = await _take(open_joblog(redis_url=own_valkey.url))
    assert delivery.job_id == job_id
