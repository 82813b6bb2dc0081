"""How the queue is, and how jobs have ended: each counted once, whoever ended them."""

import json

from redis.asyncio import Redis

from servicekit.jobstore import Ending, JobStatus
from servicekit.jobstore.redis import JobStoreSettings
from tests.fixtures.jobstore import OpenJobStore, completed, ending_of, submit_one


def failed(code: str) -> Ending:
    error = json.dumps({"code": code, "message": "No.", "retryable": False})
    return Ending(status=JobStatus.FAILED, message="No.", error=error)


async def test_every_ending_counts_once_whoever_wrote_it(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    assert await jobstore.jobs.ended_counts() == {}
    for ending in (completed(), completed(), failed("NOT_A_ROOM")):
        await submit_one(jobstore)
        await (await jobstore.queue.claim()).finish(ending)
    cancelled, purged = await submit_one(jobstore), await submit_one(jobstore)
    for _ in range(2):
        await jobstore.jobs.cancel(cancelled, message="Cancelled.")
        await jobstore.jobs.begin_purge(purged, message="Cancelled.")
    await ending_of(jobstore, await submit_one(jobstore, wait_seconds=0.01))
    assert await jobstore.jobs.ended_counts() == {
        (JobStatus.COMPLETED, ""): 2,
        (JobStatus.FAILED, "NOT_A_ROOM"): 1,
        (JobStatus.CANCELLED, ""): 2,
        (JobStatus.FAILED, "WAITED_TOO_LONG"): 1,
    }


async def test_the_tally_stays_short_whatever_codes_there_are(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings
) -> None:
    jobstore = open_jobstore()
    async with Redis.from_url(jobstore_settings.redis_url) as redis:
        for number in range(200):
            await redis.hset(f"{{{jobstore_settings.joblog_namespace}}}:tally", f"failed:CODE_{number}", "1")
    for ending in (failed("NEW"), failed("CODE_7"), Ending(status=JobStatus.FAILED, message="No.", error="no JSON")):
        await submit_one(jobstore)
        await (await jobstore.queue.claim()).finish(ending)
    counts = await jobstore.jobs.ended_counts()
    assert len(counts) == 201
    assert (counts[JobStatus.FAILED, "OTHER"], counts[JobStatus.FAILED, "CODE_7"]) == (2, 2)


async def test_a_job_that_is_to_be_tried_again_is_seen(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    await submit_one(jobstore)
    await (await jobstore.queue.claim()).retry(delay_seconds=100)
    state = await jobstore.jobs.queue_state()
    assert (state.waiting, state.running, state.delayed, state.overdue_seconds) == (0, 0, 1, 0.0)


async def test_a_job_that_nobody_ends_is_seen(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    await submit_one(jobstore, wait_seconds=0.0)
    assert (await jobstore.jobs.queue_state()).overdue_seconds > 0
