"""Every process of a system with two of each is replaced, SIGTERM one by one, while clients submit, follow and ask.

Clients reconnect their streams; nothing else of what they do may fail.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from servicekit.jobstore import JobStatus
from tools.bench.photos import small_photo
from tools.chaos.invariants import assert_orderly
from tools.chaos.replicas import doubled
from tools.chaos.system import System
from tools.chaos.traffic import watch


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much goes on meanwhile."""

    clients: int
    pause_seconds: float
    """Between two jobs of a client."""


LONG: Final = Plan(clients=8, pause_seconds=0.5)
SHORT: Final = Plan(clients=2, pause_seconds=0.5)


@dataclass(kw_only=True)
class Replacement:
    """What came of it."""

    processes: int = 0
    """That were replaced."""
    requests: int = 0
    """That were answered as they should be; the others raise."""
    jobs: list[str] = field(default_factory=list)
    """That completed, by their ids."""
    seconds: float = 0.0


async def run(plan: Plan, data: Path, *, tell: Callable[[str], None] = lambda _: None) -> Replacement:
    """Raises AssertionError where a request failed, a job did not complete, or a stream had a gap."""
    done = Replacement()
    async with doubled(data) as (processes, balancer, target):
        stop = asyncio.Event()
        clients = [asyncio.create_task(use(target, plan, stop, done)) for _ in range(plan.clients)]
        started = time.monotonic()
        for name in processes.names():
            tell(f"replacing {name}")
            await processes.replace(name)
            await balancer.until_all_are_ready()  # as a rolling restart does before it goes on
            done.processes += 1
            for client in clients:
                if client.done():
                    client.result()
        stop.set()
        tell("the last jobs")
        await asyncio.gather(*clients)
        done.seconds = time.monotonic() - started
    return done


async def use(target: System, plan: Plan, stop: asyncio.Event, done: Replacement) -> None:
    """Does what an app does, until told to stop; the job in work is seen to its end."""
    photo = await asyncio.to_thread(small_photo)
    while not stop.is_set():
        job_id = (await target.client.submit(photo)).job_id
        watching = asyncio.create_task(watch(target, job_id))
        while not watching.done():
            await target.client.status(job_id)
            done.requests += 1
            await asyncio.wait([watching], timeout=0.1)
        seqs = watching.result()
        assert seqs == list(range(1, len(seqs) + 1))
        events = await target.jobstore.events.read(job_id)
        assert_orderly(events)
        assert events[-1].status is JobStatus.COMPLETED, events[-1]
        done.requests += 1
        done.jobs.append(job_id)
        await asyncio.sleep(plan.pause_seconds)  # a person looks at the result
