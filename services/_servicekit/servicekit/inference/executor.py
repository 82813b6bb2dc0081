"""Runs blocking engines off the event loop: one job at a time a device, a bounded queue in front.

A job is a function, or a generator that yields as it goes. A generator's consumer may leave at any time: the step in
flight is finished, the generator is closed, and only then is the device given to the next job. A job that loses the
device ends the process.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import Final, TypeVar

from prometheus_client import Counter, Gauge, Histogram

from servicekit.errors import Exhausted
from servicekit.inference import device_lost
from servicekit.inference.device_lost import DeviceLost
from servicekit.inference.turns import FairTurns
from servicekit.observability import tracing
from servicekit.observability.metrics import SECONDS_BUCKETS

WAITING: Final = Gauge("modomo_device_jobs_waiting", "Jobs that wait for a device", ["device"])
RUNNING: Final = Gauge("modomo_device_jobs_running", "Jobs that a device works on", ["device"])
WAIT_SECONDS: Final = Histogram(
    "modomo_device_wait_seconds", "Time that a job waited for its device", ["device"], buckets=SECONDS_BUCKETS
)
BUSY_SECONDS: Final = Counter(
    "modomo_device_busy_seconds_total", "Time that devices worked, added up over jobs at a time", ["device"]
)

Value = TypeVar("Value")

_END: Final = object()


class DeviceExecutor:
    """A device (a GPU, or some CPU threads) that works on `parallel` jobs at a time."""

    def __init__(self, name: str, *, parallel: int = 1, queue_limit: int = 16) -> None:
        """`queue_limit` is the number of jobs that may wait beyond those that run; `name` is for people and metrics."""
        self._name = name
        self._threads = ThreadPoolExecutor(max_workers=parallel, thread_name_prefix=name)
        self._device = FairTurns(parallel)
        self._limit = parallel + queue_limit
        self._jobs = 0
        self._waiting, self._running = WAITING.labels(name), RUNNING.labels(name)
        self._wait_seconds, self._busy_seconds = WAIT_SECONDS.labels(name), BUSY_SECONDS.labels(name)

    @property
    def jobs(self) -> int:
        """How many jobs run or wait."""
        return self._jobs

    async def run(self, function: Callable[[], Value], *, tenant: str = "") -> Value:
        """Runs a function on the device; raises Exhausted where the queue is full. Tenants take turns.

        Cancelling takes a waiting job out of the queue. It cannot stop a function that runs: the device stays busy
        until it has returned.
        """
        async with self._turn(tenant):
            return await self._in_thread(function)

    async def stream(self, generator: Callable[[], Generator[Value, None, None]]) -> AsyncGenerator[Value, None]:
        """Runs a generator on the device, one `next` at a time; raises Exhausted where the queue is full.

        Close the stream (`contextlib.aclosing`) to stop the work between two yields.
        """
        async with self._turn():
            steps = await self._in_thread(generator)
            try:
                while (value := await self._in_thread(lambda: next(steps, _END))) is not _END:
                    yield value  # type: ignore[misc]  # next() gave a Value, since it is not the sentinel
            finally:
                await self._in_thread(steps.close)

    def close(self) -> None:
        """Lets running jobs end and accepts no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @asynccontextmanager
    async def _turn(self, tenant: str = "") -> AsyncIterator[None]:
        if self._jobs >= self._limit:
            raise Exhausted("QUEUE_FULL", f"The {self._name} queue is full.", retry_after_seconds=2)
        self._jobs += 1
        try:
            await self._acquire(tenant)
            start, span = time.perf_counter(), tracing.begin(f"{self._name} device")
            try:
                with self._running.track_inprogress():
                    yield
            finally:
                self._device.release()
                self._busy_seconds.inc(time.perf_counter() - start)
                span.end()
        finally:
            self._jobs -= 1

    async def _acquire(self, tenant: str) -> None:
        span = tracing.begin(f"{self._name} queue")
        try:
            with self._waiting.track_inprogress(), self._wait_seconds.time():
                await self._device.acquire(tenant)
        finally:
            span.end()

    async def _in_thread(self, function: Callable[[], Value]) -> Value:
        """Waits for a function in a thread even when cancelled, so that two never share the device."""
        future = asyncio.get_running_loop().run_in_executor(self._threads, copy_context().run, function)
        try:
            return await asyncio.shield(future)
        except DeviceLost as error:
            device_lost.report(error)
            raise
        except asyncio.CancelledError:
            while not future.done():
                with contextlib.suppress(asyncio.CancelledError):  # cancelled again: the thread works all the same
                    await asyncio.wait([future])
            raise
