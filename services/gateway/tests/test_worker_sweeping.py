"""Pictures of jobs that have expired go, and no others."""

import asyncio

from gateway.jobs import keys
from gateway.pipeline.stage_cache import StageCache
from gateway.purging import Purger
from gateway.sweeping import Sweeper
from tests.workers import WorkerBench


async def _folders(bench: WorkerBench) -> set[str]:
    return {key.split("/")[1] async for key in bench.store.list(keys.PREFIX)}


async def test_expired_jobs_alone_are_swept_and_only_on_the_second_look(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    living = await bench.submit()
    for name in ("original.jpg", "transformed-0.jpg", "preview-0.jpg"):
        await bench.store.put(f"{keys.PREFIX}gone/{name}", b"x", content_type="image/jpeg")
    cache = StageCache(bench.store, days=1)
    purger = Purger(store=bench.store, desk=bench.joblog.desk)
    sweeper = Sweeper(store=bench.store, desk=bench.joblog.desk, cache=cache, purger=purger, pause_seconds=60)
    await sweeper.sweep()
    assert await _folders(bench) == {living, "gone"}
    await bench.store.put(keys.original("fresh"), b"x", content_type="image/jpeg")
    await sweeper.sweep()
    assert await _folders(bench) == {living, "fresh"}


async def test_worker_sweeps_by_itself(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    await bench.store.put(keys.original("gone"), b"x", content_type="image/jpeg")
    async with bench.worker(sweep_seconds=0.02), asyncio.timeout(30):
        while await _folders(bench):  # noqa: ASYNC110 - a task of the worker does it: there is nothing to await
            await asyncio.sleep(0.02)
