"""What a worker does when something fails: try again, or end the job in words that its tenant may read."""

import asyncio

import grpc
import pytest

from gateway.jobs import object_keys
from servicekit.errors import Exhausted, FailedPrecondition, ServiceError, Unavailable
from tests.fixtures.worker import WorkerBench


async def test_passing_failures_are_tried_again_without_repeating_work(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.errors["Transform"] = [Exhausted("OUT_OF_MEMORY", "Busy.", retry_after_seconds=0.01)]
    bench.services.errors["Assess"] = [Exhausted("OUT_OF_MEMORY", "Busy.", retry_after_seconds=0.01)]
    async with bench.worker():
        job_id = await bench.submit()
        await bench.completed(job_id)
    job = await bench.ended(job_id)
    assert job.deliveries == 3
    assert bench.services.count("Detect") == 1
    assert bench.services.count("Transform") == 2, "one that failed, and one whose result the last delivery found"
    assert len([event for event in await bench.events(job_id) if event.terminal]) == 1


async def test_failure_that_does_not_pass_ends_the_job(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.errors["Analyze"] = [Exhausted("OUT_OF_MEMORY", "Busy.", retry_after_seconds=0.01)] * 9
    async with bench.worker():
        error = await bench.failed(await bench.submit())
    assert (error.code, error.retryable) == ("GAVE_UP", True)
    assert bench.services.count("Analyze") == 3


async def test_refusal_of_an_engine_ends_the_job_in_its_words(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    refusal = FailedPrecondition("KEEP_TOO_LARGE", "Nearly everything is to be kept.")
    bench.services.errors["Transform"] = [refusal]
    async with bench.worker():
        job_id = await bench.submit()
        error = await bench.failed(job_id)
    assert (error.code, error.message, error.retryable) == (refusal.reason, refusal.message, False)
    assert (await bench.events(job_id))[-1].message == refusal.message


async def test_unexpected_failure_shows_nothing(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.errors["Detect"] = [RuntimeError("password=hunter2")]
    async with bench.worker():
        job_id = await bench.submit()
        error = await bench.failed(job_id)
    assert (error.code, error.message) == ("INTERNAL", "Something went wrong on our side.")


async def test_broken_photo_in_the_store_ends_one_job_alone(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with bench.worker():
        broken = await bench.submit(photo=b"\xff\xd8\xff broken")
        sound = await bench.submit()
        assert (await bench.failed(broken)).code == "IMAGE_UNREADABLE"
        await bench.completed(sound)


async def test_photo_that_is_gone(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    job_id = await bench.submit()
    await bench.store.delete(object_keys.original(job_id))
    async with bench.worker():
        assert (await bench.failed(job_id)).code == "OBJECT_NOT_FOUND"


async def test_services_that_are_busy_or_away_are_waited_for(worker_bench: WorkerBench) -> None:
    """However often they say so: it is no fault of the job, which keeps its worker and what is done of it."""
    bench = worker_bench
    bench.services.errors["Analyze"] = [Exhausted("QUEUE_FULL", "Busy.", retry_after_seconds=0.01)] * 4
    bench.services.errors["Transform"] = [Unavailable("LOADING", "Not yet.", retry_after_seconds=0.01)] * 5
    async with bench.worker():
        job_id = await bench.submit()
        await bench.completed(job_id)
    assert (await bench.ended(job_id)).deliveries == 1
    assert bench.services.count("Detect") == 1


async def test_a_call_that_a_stopping_service_cuts_is_repeated_elsewhere(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.errors["Analyze"] = [ServiceError("CANCELLED", "Stopping.", code=grpc.StatusCode.CANCELLED)]
    async with bench.worker():
        job_id = await bench.submit()
        await bench.completed(job_id)
    assert (await bench.ended(job_id)).deliveries == 1


@pytest.mark.slow
async def test_a_service_that_stays_away_ends_the_job_in_time_and_in_words(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with bench.worker(detection_address="127.0.0.1:1"):
        error = await bench.failed(await bench.submit(run_seconds=4.0))
    assert (error.code, error.retryable) == ("UNAVAILABLE", True), "its deadline had not to come"
    assert error.message == "A part of the service does not answer at the moment."


async def test_the_wait_for_the_device_uses_up_no_time_for_running(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.seconds["queue"] = 2.0
    async with bench.worker():
        made = await bench.completed(await bench.submit(run_seconds=1.5))
    assert made.stage_seconds["transform"] >= 2.0


async def test_work_that_takes_too_long_on_the_device_is_stopped(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.seconds["Transform"] = 0.2
    bench.services.steps = 1000
    async with bench.worker():
        error = await bench.failed(await bench.submit(run_seconds=1.5))
        await asyncio.wait_for(bench.services.cancelled["Transform"].wait(), 5)
    assert error.code == "RAN_TOO_LONG"


async def test_a_job_that_no_device_takes_has_waited_too_long(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.seconds["queue"] = 60
    async with bench.worker():
        error = await bench.failed(await bench.submit(run_seconds=1.0, wait_seconds=0.5))
        await asyncio.wait_for(bench.services.cancelled["Transform"].wait(), 5)
    assert (error.code, error.retryable) == ("WAITED_TOO_LONG", True)


async def test_a_service_that_does_not_say_when_it_starts_is_taken_at_its_first_step(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.says_started = False
    bench.services.seconds["queue"] = 1.5
    async with bench.worker():
        await bench.completed(await bench.submit(run_seconds=1.0))


async def test_a_second_attempt_that_fails_leaves_the_first(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.quality = [0.25]
    bench.services.seconds["Assess"] = 0.2  # time to put the failure in the way of the second
    async with bench.worker():
        job_id = await bench.submit()
        await bench.services.started["Assess"].wait()
        bench.services.errors["Transform"] = [FailedPrecondition("NO", "No.")]
        result = await bench.completed(job_id)
    assert result.quality["overall"] == 0.25
    assert bench.services.count("Transform") == 2


async def test_service_that_is_away_for_a_moment(worker_bench: WorkerBench) -> None:
    """The channel tries again by itself, so that the job is not even delivered twice."""
    bench = worker_bench
    bench.services.errors["Detect"] = [Unavailable("STARTING", "Not yet.")]
    async with bench.worker():
        job_id = await bench.submit()
        await bench.completed(job_id)
    assert (await bench.ended(job_id)).deliveries == 1
    assert bench.services.count("Detect") == 2
