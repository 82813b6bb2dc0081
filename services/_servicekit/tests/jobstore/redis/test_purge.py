"""Deleting a job with everything that is known of it, whatever it is doing."""

import asyncio
import dataclasses
from typing import Any

import pytest
from redis.asyncio import Redis

from servicekit.errors import NotFound
from servicekit.jobstore import Cancelled, JobStatus, Superseded
from servicekit.jobstore.redis import JobStoreSettings
from tests.fixtures.jobstore import OpenJobStore, analyzing, completed, new_job


async def _traces(redis: Any, namespace: str, job_id: str) -> list[str]:
    """Every key that names the job or holds its name, but for acknowledged entries of the queue."""
    found = []
    async for key in redis.scan_iter(f"{{{namespace}}}:*"):
        kind = await redis.type(key)
        read = {
            "hash": redis.hgetall,
            "string": redis.get,
            "stream": redis.xrange,
            "zset": lambda name: redis.zrange(name, 0, -1),
            "list": lambda name: redis.lrange(name, 0, -1),
        }[kind]
        if job_id in key or (job_id in str(await read(key)) and not key.endswith(":queue")):
            found.append(key)
    return found


@pytest.mark.parametrize("state", ["waiting", "running", "delayed", "completed", "lost"])
async def test_nothing_stays_of_a_purged_job(
    open_jobstore: OpenJobStore, redis: Redis, jobstore_settings: JobStoreSettings, state: str
) -> None:
    jobstore = open_jobstore(joblog_max_deliveries=1)
    job = new_job(idempotency_key="key", request_digest="ab", webhook_url="https://receiver.example/")
    job = dataclasses.replace(job, webhook_events=("accepted", "completed", "cancelled", "failed"))
    await jobstore.jobs.submit(job, queue_limit=10)
    if state != "waiting":
        claim = await jobstore.queue.claim()
        await claim.append(analyzing())
        if state == "delayed":
            await claim.retry(delay_seconds=60, counts=False)
        if state == "completed":
            await claim.finish(completed())
        if state == "lost":
            await claim.retry(delay_seconds=0)  # once too often
    assert await _traces(redis, jobstore_settings.joblog_namespace, job.job_id)
    purging = await jobstore.jobs.begin_purge(job.job_id, message="Deleted.")
    assert (purging.payload, purging.purging) == (job.payload, True)
    await jobstore.jobs.finish_purge(job.job_id)
    assert await _traces(redis, jobstore_settings.joblog_namespace, job.job_id) == []
    for _again in range(2):
        with pytest.raises(NotFound):
            await jobstore.jobs.begin_purge(job.job_id, message="Deleted.")
        await jobstore.jobs.finish_purge(job.job_id)
    again = new_job(idempotency_key="key", request_digest="cd")
    assert (await jobstore.jobs.submit(again, queue_limit=10)).created, "the key is free"


async def test_a_worker_of_a_purged_job_stops_and_leaves_nothing_behind(
    open_jobstore: OpenJobStore, redis: Redis, jobstore_settings: JobStoreSettings
) -> None:
    jobstore = open_jobstore()
    job = new_job()
    await jobstore.jobs.submit(job, queue_limit=10)
    claim = await jobstore.queue.claim()
    await jobstore.jobs.begin_purge(job.job_id, message="Deleted.")
    async with asyncio.timeout(10):
        with pytest.raises(Cancelled):
            await claim.lost()
    await jobstore.jobs.finish_purge(job.job_id)
    for write in (claim.append(analyzing()), claim.finish(completed())):
        with pytest.raises((Superseded, Cancelled)):
            await write
    assert await _traces(redis, jobstore_settings.joblog_namespace, job.job_id) == []


async def test_followers_of_a_purged_job_see_its_end(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job = new_job()
    await jobstore.jobs.submit(job, queue_limit=10)
    async with asyncio.timeout(10), jobstore.events.announcements() as announced:
        await jobstore.jobs.begin_purge(job.job_id, message="Deleted.")
        await jobstore.jobs.finish_purge(job.job_id)
        event = await anext(announced)
    assert (event.job_id, event.status, event.message) == (job.job_id, JobStatus.CANCELLED, "Deleted.")


async def test_a_job_that_nobody_retired_is_not_erased(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job = new_job()
    await jobstore.jobs.submit(job, queue_limit=10)
    await jobstore.jobs.finish_purge(job.job_id)
    assert (await jobstore.jobs.get(job.job_id)).status is JobStatus.QUEUED
