"""The worker's loop: claims jobs until it is told to stop, and gives back those that do not end in time."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from gateway.worker import metrics
from gateway.worker.job_handler import JobHandler
from gateway.worker.neighbours import Neighbours
from servicekit.jobstore import Claim, WorkQueue
from servicekit.observability import logs

log = logs.get(__name__)


class Worker:
    """Works on several jobs at a time."""

    def __init__(
        self,
        queue: WorkQueue,
        handler: JobHandler,
        *,
        neighbours: Neighbours,
        parallel_jobs: int,
        drain_seconds: float,
    ) -> None:
        """`drain_seconds` is how long jobs may go on after the signal to stop."""
        self._neighbours = neighbours
        self._queue = queue
        self._handler = handler
        self._parallel = parallel_jobs
        metrics.SLOTS.set(parallel_jobs)
        self._drain = drain_seconds
        self._stopping = asyncio.Event()

    async def run(self, stopped: Awaitable[object]) -> None:
        """Works until `stopped` is done; raises what breaks the loop itself, which no job does."""
        stopper = asyncio.ensure_future(stopped)
        slots = [asyncio.create_task(self._work_slot()) for _ in range(self._parallel)]
        await asyncio.wait({stopper, *slots}, return_when=asyncio.FIRST_COMPLETED)
        stopper.cancel()
        self._stopping.set()
        log.info("draining", seconds=self._drain)
        _ended, unfinished = await asyncio.wait(slots, timeout=self._drain)
        for slot in unfinished:
            slot.cancel()
        outcomes = await asyncio.gather(*slots, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def _work_slot(self) -> None:
        """One job after another."""
        while claim := await self._claim():
            await self._handler.handle(claim)

    async def _claim(self) -> Claim | None:
        """The next job; None where no more is to be taken up."""
        while not self._stopping.is_set():
            stopping = asyncio.create_task(self._stopping.wait())
            await _first(stopping, asyncio.create_task(self._neighbours.serving()))
            if self._stopping.is_set():
                break
            claiming = asyncio.create_task(self._queue.claim())
            stopping, away = asyncio.create_task(self._stopping.wait()), asyncio.create_task(self._neighbours.away())
            await _first(claiming, stopping, away)
            if not claiming.cancelled():
                return claiming.result()
        return None


async def _first(*tasks: asyncio.Task[Any]) -> None:
    """Waits for the first of them, and cancels the others."""
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
