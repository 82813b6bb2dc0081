"""Work that must stop: cancelled jobs, lost jobs, workers that are told to end, and workers that are killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.jobs import result
from servicekit.errors import Exhausted
from servicekit.jobstore import ENDINGS, JobStatus
from tests.fixtures.worker import WorkerBench

PROMPTLY = 5
"""Seconds; what is cancelled here would go on for a minute. How prompt it is, `make chaos` measures."""
CANCELLED = "Your transformation was cancelled."


async def _endings(bench: WorkerBench, job_id: str) -> list[JobStatus]:
    return [event.status for event in await bench.events(job_id) if event.status in ENDINGS]


async def test_cancel_stops_the_engine_between_two_steps(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.steps, bench.services.seconds["Transform"] = 1000, 0.05
    async with bench.worker():
        job_id = await bench.submit()
        await bench.services.started["Transform"].wait()
        await bench.jobstore.jobs.cancel(job_id, message=CANCELLED)
        await asyncio.wait_for(bench.services.cancelled["Transform"].wait(), PROMPTLY)
        steps = bench.services.steps_done
        job = await bench.ended(job_id)
        assert job.status is JobStatus.CANCELLED
        assert bench.services.steps_done == steps
        following = await bench.submit()
        bench.services.seconds["Transform"] = 0
        await bench.completed(following)
    assert await _endings(bench, job_id) == [JobStatus.CANCELLED]
    assert (await bench.events(job_id))[-1].message == CANCELLED


async def test_cancel_stops_every_call_of_the_analysis(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    for rpc in ("Detect", "Analyze"):
        bench.services.seconds[rpc] = 60
    async with bench.worker():
        job_id = await bench.submit()
        for rpc in ("Detect", "Analyze"):
            await bench.services.started[rpc].wait()
        await bench.jobstore.jobs.cancel(job_id, message=CANCELLED)
        for rpc in ("Detect", "Analyze"):
            await asyncio.wait_for(bench.services.cancelled[rpc].wait(), PROMPTLY)
        assert (await bench.ended(job_id)).status is JobStatus.CANCELLED


async def test_one_failure_stops_the_calls_beside_it(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.seconds["Detect"] = 60
    bench.services.errors["Analyze"] = [RuntimeError("broken")]
    bench.services.after["Analyze"] = "Detect"
    async with bench.worker():
        assert (await bench.failed(await bench.submit())).code == "INTERNAL"
        await asyncio.wait_for(bench.services.cancelled["Detect"].wait(), PROMPTLY)


async def test_cancelled_while_it_waits_for_its_retry(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.errors["Detect"] = [Exhausted("OUT_OF_MEMORY", "Busy.", retry_after_seconds=30)]
    async with bench.worker():
        job_id = await bench.submit()
        await bench.services.started["Detect"].wait()
        await bench.jobstore.jobs.cancel(job_id, message=CANCELLED)
        assert (await bench.ended(job_id)).status is JobStatus.CANCELLED
    assert await _endings(bench, job_id) == [JobStatus.CANCELLED]


async def test_running_deadline_ends_the_job_and_its_calls(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.seconds["Detect"] = 60
    async with bench.worker():
        job_id = await bench.submit(run_seconds=1.0)
        error = await bench.failed(job_id)
        await asyncio.wait_for(bench.services.cancelled["Detect"].wait(), PROMPTLY)
    assert (error.code, error.retryable) == ("RAN_TOO_LONG", True)
    assert await _endings(bench, job_id) == [JobStatus.FAILED]


async def test_worker_told_to_stop_lets_its_jobs_end(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.seconds["Transform"] = 0.1
    async with bench.worker(parallel_jobs=1) as stop:
        running = await bench.submit()
        waiting = await bench.submit()
        await bench.services.started["Transform"].wait()
        stop.set()
        await bench.completed(running)
    assert (await bench.jobstore.jobs.get(waiting)).status is JobStatus.QUEUED
    async with bench.worker():
        await bench.completed(waiting)


async def test_worker_gives_back_what_does_not_end_in_time(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.seconds["Transform"], bench.services.steps = 0.1, 1000
    async with bench.worker(drain_seconds=0.2) as stop:
        job_id = await bench.submit()
        await bench.services.started["Transform"].wait()
        stop.set()
    assert bench.services.cancelled["Transform"].is_set()
    assert (await bench.jobstore.jobs.get(job_id)).status not in ENDINGS
    bench.services.steps = 3
    async with bench.worker():
        await bench.completed(job_id)
    assert (await bench.ended(job_id)).deliveries == 1, "nothing was wrong with it"
    assert bench.services.count("Detect") == 1


@pytest.mark.slow
async def test_worker_that_wakes_up_late_writes_nothing(worker_bench: WorkerBench) -> None:
    """Stopped by SIGSTOP until its job is done by another, and then continued."""
    bench = worker_bench
    bench.services.seconds["Transform"] = 0.5
    async with _worker_process(bench) as first:
        job_id = await bench.submit()
        await bench.services.started["Transform"].wait()
        first.send_signal(signal.SIGSTOP)
        async with bench.worker():
            bench.services.seconds["Transform"] = 0
            made = await bench.completed(job_id)
            first.send_signal(signal.SIGCONT)
            first.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(first.wait(), 30) == 0
    assert await _endings(bench, job_id) == [JobStatus.COMPLETED]
    assert result.decode_result((await bench.ended(job_id)).result) == made


@pytest.mark.slow
async def test_killed_worker_is_replaced_and_the_job_ends_once(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.steps, bench.services.seconds["Transform"] = 1000, 0.05
    async with _worker_process(bench) as first:
        job_id = await bench.submit()
        await bench.services.started["Transform"].wait()
        async with _worker_process(bench):
            first.kill()
            await first.wait()
            await asyncio.wait_for(bench.services.cancelled["Transform"].wait(), PROMPTLY)
            bench.services.steps, bench.services.seconds["Transform"] = 3, 0.0
            await bench.completed(job_id)
    assert await _endings(bench, job_id) == [JobStatus.COMPLETED]
    assert (await bench.ended(job_id)).deliveries == 2
    assert bench.services.count("Detect") == 1, "the second worker finds what the first one had found"


@pytest.mark.slow
async def test_sigterm_ends_the_process_with_success(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with _worker_process(bench) as process:
        await bench.completed(await bench.submit())
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0


@asynccontextmanager
async def _worker_process(bench: WorkerBench) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m gateway worker`, killed with the block."""
    settings = bench.settings
    environ = {
        "MODOMO_REDIS_URL": settings.redis_url,
        "MODOMO_JOBLOG_NAMESPACE": settings.joblog_namespace,
        "MODOMO_JOBLOG_IDLE_SECONDS": str(settings.joblog_idle_seconds),
        "MODOMO_DATA_DIR": str(settings.data_dir),
        "MODOMO_DETECTION_ADDRESS": settings.detection_address,
        "MODOMO_CONTROLMAPS_ADDRESS": settings.controlmaps_address,
        "MODOMO_DIFFUSION_ADDRESS": settings.diffusion_address,
        "MODOMO_WORKER_DRAIN_SECONDS": "5",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "worker", env={**os.environ, **environ}
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
