"""Deleting a job while a worker is at it: nothing of it stays, whatever the worker was doing."""

import asyncio
from hashlib import sha256

import pytest

from gateway.jobs import object_keys
from gateway.jobs.purger import Purger
from gateway.jobs.stage_cache import PREFIX, StageCache, of_photo, photo_id
from gateway.worker.sweeper import Sweeper
from servicekit.errors import NotFound
from servicekit.jobstore import JobStatus
from tests.fixtures.jobstore import new_job
from tests.fixtures.worker import WorkerBench, make_photo


async def _objects(bench: WorkerBench) -> list[str]:
    return [key async for key in bench.store.list("")]


async def _reached(bench: WorkerBench, job_id: str, status: JobStatus) -> None:
    """Returns when the job is there, or further."""
    order = list(JobStatus)
    async with asyncio.timeout(60):
        while order.index((await bench.jobstore.jobs.get(job_id)).status) < order.index(status):  # noqa: ASYNC110 - polled as the app polls
            await asyncio.sleep(0.005)


def _purger(bench: WorkerBench) -> Purger:
    return Purger(store=bench.store, job_store=bench.jobstore.jobs, groups=bench.groups)


async def test_a_completed_job_goes_with_pictures_and_stage_results_and_others_stay(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with bench.worker():
        gone, stays = await bench.submit(), await bench.submit(photo=make_photo(colour=(1, 2, 3)))
        await bench.completed(gone)
        await bench.completed(stays)
        kept = of_photo(photo_id("", sha256(make_photo()).hexdigest()))
        assert any(key.startswith(kept) for key in await _objects(bench))
        await _purger(bench).purge(gone, message="Deleted.")
        left = await _objects(bench)
        assert not [key for key in left if gone in key or key.startswith(kept)]
        assert object_keys.original(stays) in left
        assert any(key.startswith(PREFIX) for key in left)
        with pytest.raises(NotFound):
            await bench.jobstore.jobs.get(gone)
        with pytest.raises(NotFound):
            await _purger(bench).purge(gone, message="Deleted.")


@pytest.mark.parametrize("status", [JobStatus.ANALYZING, JobStatus.TRANSFORMING, JobStatus.FINALIZING])
async def test_a_running_job_stops_and_leaves_nothing(worker_bench: WorkerBench, status: JobStatus) -> None:
    bench = worker_bench
    bench.services.seconds["Transform"] = 0.05
    async with bench.worker(), asyncio.timeout(60):
        job_id = await bench.submit()
        await _reached(bench, job_id, status)
        await _purger(bench).purge(job_id, message="Deleted.")
        while await _objects(bench):  # noqa: ASYNC110 - the worker clears up in its own time, and tells nobody
            await asyncio.sleep(0.01)
        await bench.completed(await bench.submit(photo=make_photo(colour=(9, 9, 9))))
    kept = of_photo(photo_id("", sha256(make_photo()).hexdigest()))
    assert not [key for key in await _objects(bench) if job_id in key or key.startswith(kept)]


async def test_a_purge_that_broke_off_is_brought_to_its_end(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    job_id = await bench.submit()
    await bench.jobstore.jobs.begin_purge(job_id, message="Deleted.")  # and then the api was killed
    sweeper = Sweeper(
        store=bench.store,
        job_store=bench.jobstore.jobs,
        cache=StageCache(bench.store, days=1),
        purger=_purger(bench),
        pause_seconds=60,
    )
    await sweeper.sweep()
    assert await _objects(bench) == []
    with pytest.raises(NotFound):
        await bench.jobstore.jobs.get(job_id)
    await sweeper.sweep()


async def test_a_job_that_goes_on_elsewhere_is_not_cleared_up_after(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    job_id = await bench.submit()
    await _purger(bench).purge_leftovers(await bench.jobstore.jobs.get(job_id))
    await bench.jobstore.jobs.cancel(job_id, message="Cancelled.")
    await _purger(bench).purge_leftovers(await bench.jobstore.jobs.get(job_id))
    assert await _objects(bench) == [object_keys.original(job_id)]


async def test_a_job_of_another_version_is_deleted_too(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    job = new_job(payload='{"unheard": "of"}')
    await bench.store.put(object_keys.original(job.job_id), b"x", content_type="image/jpeg")
    await bench.jobstore.jobs.submit(job, queue_limit=10)
    await _purger(bench).purge(job.job_id, message="Deleted.")
    assert await _objects(bench) == []
    with pytest.raises(NotFound):
        await bench.jobstore.jobs.get(job.job_id)
