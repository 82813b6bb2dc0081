"""DeviceExecutor: one job at a time, a bounded queue, and a device that is free again whatever happens."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import aclosing

import pytest
from prometheus_client import REGISTRY

from servicekit.errors import Exhausted
from servicekit.inference.executor import DeviceExecutor
from servicekit.rpc import context


@pytest.fixture
async def device() -> AsyncIterator[DeviceExecutor]:
    executor = DeviceExecutor("test", queue_limit=2)
    yield executor
    executor.close()


class Held:
    """A job that runs until it is released."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.release = threading.Event()

    def __call__(self) -> str:
        self.started.set()
        assert self.release.wait(30)
        return "done"


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - a thread is watched: there is nothing to await
            await asyncio.sleep(0.005)


async def test_returns_what_the_function_returns(device: DeviceExecutor) -> None:
    assert await device.run(lambda: 42) == 42
    assert device.jobs == 0


async def test_raises_what_the_function_raises_and_goes_on(device: DeviceExecutor) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await device.run(fail)
    assert await device.run(lambda: "next") == "next"


async def test_loop_is_free_and_jobs_do_not_overlap(device: DeviceExecutor) -> None:
    running = 0
    most = 0

    def job() -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        threading.Event().wait(0.01)  # long enough for another to slip in, if it could
        running -= 1
        return threading.get_ident()

    idents = await asyncio.gather(*(device.run(job) for _ in range(3)))
    assert most == 1
    assert threading.get_ident() not in idents


async def test_full_queue_is_exhausted(device: DeviceExecutor) -> None:
    held = Held()
    running = asyncio.create_task(device.run(held))
    waiting = [asyncio.create_task(device.run(lambda: "waited")) for _ in range(2)]
    await _until(lambda: device.jobs == 3)
    with pytest.raises(Exhausted) as caught:
        await device.run(lambda: "one too many")
    assert (caught.value.reason, caught.value.metadata) == ("QUEUE_FULL", {"retry_after_seconds": "2"})
    held.release.set()
    assert await asyncio.gather(running, *waiting) == ["done", "waited", "waited"]
    assert await device.run(lambda: "room again") == "room again"


async def test_cancel_while_waiting_leaves_the_queue(device: DeviceExecutor) -> None:
    held = Held()
    ran = threading.Event()
    running = asyncio.create_task(device.run(held))
    waiting = asyncio.create_task(device.run(ran.set))
    await _until(lambda: device.jobs == 2)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert device.jobs == 1
    held.release.set()
    await running
    assert not ran.is_set()


@pytest.mark.parametrize("cancels", [1, 2])
async def test_cancelled_function_keeps_the_device_until_it_returns(device: DeviceExecutor, cancels: int) -> None:
    held = Held()
    running = asyncio.create_task(device.run(held))
    await _until(held.started.is_set)
    following = asyncio.create_task(device.run(lambda: "following"))
    for _ in range(cancels):
        running.cancel()
        await asyncio.sleep(0.02)  # gives the cancellation time to do what it must not do
    assert not running.done()
    assert not following.done()
    held.release.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await following == "following"


def _counting(steps: list[int], closed: threading.Event) -> Generator[int, None, None]:
    try:
        for number in range(1000):
            steps.append(number)
            yield number
    finally:
        closed.set()


async def test_stream_yields_everything_in_order(device: DeviceExecutor) -> None:
    assert [value async for value in device.stream(lambda: (number for number in range(5)))] == [0, 1, 2, 3, 4]
    assert device.jobs == 0


async def test_stream_with_none_among_its_values(device: DeviceExecutor) -> None:
    values: list[int | None] = [1, None, 2]
    assert [value async for value in device.stream(lambda: (value for value in values))] == values


async def test_stream_that_raises_frees_the_device(device: DeviceExecutor) -> None:
    def fail() -> Generator[int, None, None]:
        yield 1
        raise ZeroDivisionError

    seen = []
    with pytest.raises(ZeroDivisionError):
        async for value in device.stream(fail):
            seen.append(value)  # noqa: PERF401 - a comprehension would lose what came before the error
    assert seen == [1]
    assert await device.run(lambda: "next") == "next"


async def test_consumer_that_leaves_closes_the_generator(device: DeviceExecutor) -> None:
    steps: list[int] = []
    closed = threading.Event()
    async with aclosing(device.stream(lambda: _counting(steps, closed))) as stream:
        async for value in stream:
            if value == 3:
                break
    assert closed.is_set()
    assert steps == [0, 1, 2, 3]
    assert device.jobs == 0


@pytest.mark.parametrize("cancels", [1, 2])
async def test_cancel_between_two_steps(cancels: int) -> None:
    """The step in flight ends, the generator is closed, and only then the next job has the device."""
    device = DeviceExecutor("test", parallel=2)
    step_started, step_may_end = threading.Event(), threading.Event()
    order: list[str] = []

    def work() -> Generator[int, None, None]:
        try:
            yield 1
            step_started.set()
            assert step_may_end.wait(30)
            order.append("step ended")
            yield 2
            order.append("step too many")
        finally:
            order.append("closed")

    async def consume() -> None:
        async with aclosing(device.stream(work)) as stream:
            async for _value in stream:
                pass

    consumer = asyncio.create_task(consume())
    await _until(step_started.is_set)
    for _ in range(cancels):
        consumer.cancel()
        await asyncio.sleep(0.02)  # gives the cancellation time to do what it must not do
    assert order == []
    step_may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await consumer
    assert order == ["step ended", "closed"]
    assert device.jobs == 0
    device.close()


async def test_jobs_see_whom_they_work_for(device: DeviceExecutor) -> None:
    with context.bound(job="job-7"):
        assert await device.run(context.job_id.get) == "job-7"


async def test_what_a_device_does_is_counted(device: DeviceExecutor) -> None:
    def value(name: str) -> float:
        return REGISTRY.get_sample_value(f"modomo_device_{name}", {"device": "test"}) or 0.0

    waits, busy = value("wait_seconds_count"), value("busy_seconds_total")
    held = Held()
    running = asyncio.create_task(device.run(held))
    await _until(held.started.is_set)
    waiting = asyncio.create_task(device.run(lambda: "next"))
    await _until(lambda: device.jobs == 2)
    assert (value("jobs_running"), value("jobs_waiting")) == (1, 1)
    held.release.set()
    await asyncio.gather(running, waiting)
    assert (value("jobs_running"), value("jobs_waiting"), value("wait_seconds_count")) == (0, 0, waits + 2)
    assert value("busy_seconds_total") > busy
