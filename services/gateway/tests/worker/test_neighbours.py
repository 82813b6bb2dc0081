"""A worker whose services stand beside it: it claims while they serve, and one job at a time."""

import asyncio

from servicekit.jobstore import JobStatus
from tests.fixtures.worker import WorkerBench


async def test_a_worker_with_a_neighbour_takes_one_job_at_a_time_while_others_wait(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.seconds["Transform"] = 0.05
    async with bench.worker(beside=("diffusion",), parallel_jobs=1):
        jobs = [await bench.submit() for _ in range(3)]
        while (await bench.jobstore.jobs.get(jobs[-1])).status is not JobStatus.COMPLETED:
            state = await bench.jobstore.jobs.queue_state()
            assert state.running <= 1
            await asyncio.sleep(0.01)  # polled as the app polls


async def test_no_job_is_claimed_while_a_neighbour_is_away_nor_held_by_a_claim_that_waits(
    worker_bench: WorkerBench,
) -> None:
    bench = worker_bench
    serving = bench.services.servers["diffusion"]
    await serving.set_serving(False)
    async with bench.worker(beside=("diffusion", "controlmaps"), parallel_jobs=2):
        waits = await bench.submit()
        await asyncio.sleep(0.3)
        assert (await bench.jobstore.jobs.queue_state()).running == 0
        async with bench.worker():  # one that asks others is better off with it
            await bench.completed(waits)
        await serving.set_serving(True)
        await bench.completed(await bench.submit())
        await serving.set_serving(False)
        await asyncio.sleep(1.2)  # it is asked once a second
        waits = await bench.submit()
        await asyncio.sleep(0.2)
        assert (await bench.jobstore.jobs.get(waits)).status is JobStatus.QUEUED
