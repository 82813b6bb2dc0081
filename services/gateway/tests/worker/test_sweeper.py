"""Pictures of jobs that have expired go, and no others."""

import asyncio

import pytest

from gateway.jobs import object_keys
from gateway.jobs.purger import Purger
from gateway.jobs.stage_cache import StageCache
from gateway.worker.sweeper import Sweeper
from servicekit.errors import NotFound
from tests.fixtures.jobstore import new_job
from tests.fixtures.worker import WorkerBench


async def _folders(bench: WorkerBench) -> set[str]:
    return {key.split("/")[1] async for key in bench.store.list(object_keys.PREFIX)}


async def test_expired_jobs_alone_are_swept_and_only_on_the_second_look(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    living = await bench.submit()
    for name in ("original.jpg", "transformed-0.jpg", "preview-0.jpg"):
        await bench.store.put(f"{object_keys.PREFIX}gone/{name}", b"x", content_type="image/jpeg")
    cache = StageCache(bench.store, days=1)
    purger = Purger(store=bench.store, job_store=bench.jobstore.jobs, groups=bench.groups)
    sweeper = Sweeper(store=bench.store, job_store=bench.jobstore.jobs, cache=cache, purger=purger, pause_seconds=60)
    await sweeper.sweep()
    assert await _folders(bench) == {living, "gone"}
    await bench.store.put(object_keys.original("fresh"), b"x", content_type="image/jpeg")
    await sweeper.sweep()
    assert await _folders(bench) == {living, "fresh"}


async def test_a_job_and_its_pictures_go_when_their_time_is_over(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    job = new_job(wait_seconds=0.1, run_seconds=0.1, retention_seconds=0.5)
    await bench.store.put(object_keys.original(job.job_id), b"x", content_type="image/jpeg")
    await bench.jobstore.jobs.submit(job, queue_limit=10)
    async with bench.worker(sweep_seconds=0.05), asyncio.timeout(30):
        while await _folders(bench):  # noqa: ASYNC110 - a task of the worker does it: there is nothing to await
            await asyncio.sleep(0.02)
    with pytest.raises(NotFound):
        await bench.jobstore.jobs.get(job.job_id)


async def test_worker_sweeps_by_itself(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    await bench.store.put(object_keys.original("gone"), b"x", content_type="image/jpeg")
    async with bench.worker(sweep_seconds=0.02), asyncio.timeout(30):
        while await _folders(bench):  # noqa: ASYNC110 - a task of the worker does it: there is nothing to await
            await asyncio.sleep(0.02)
