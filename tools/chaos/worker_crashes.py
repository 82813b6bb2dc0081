"""Workers that are killed in mid-work, and workers that are stopped until others have their jobs, and wake up late."""

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tools.bench.figures import Samples
from tools.chaos.invariants import ObjectWatcher, all_ended, completed_with_all_objects
from tools.chaos.system import System, system

ZOMBIES: Final = 2
"""Workers that are stopped now and then; the others are killed."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How bad it gets."""

    jobs: int
    workers: int
    kills: int
    stops: int
    idle_seconds: float
    step_seconds: float
    pause_seconds: float
    """Between two kills."""


LONG: Final = Plan(jobs=1000, workers=6, kills=100, stops=30, idle_seconds=6.0, step_seconds=0.1, pause_seconds=1.5)
SHORT: Final = Plan(jobs=24, workers=4, kills=4, stops=2, idle_seconds=1.5, step_seconds=0.1, pause_seconds=1.0)


@dataclass(kw_only=True)
class Crashes:
    """What was done, and what came of it."""

    kills: list[tuple[str, float]] = field(default_factory=list)
    """Worker, and when."""
    stops: list[tuple[str, float]] = field(default_factory=list)
    takeovers: Samples = field(default_factory=Samples)
    """From the end of a worker to the next claim of each job that it had."""
    looked_at: int = 0
    """Objects that were looked at as soon as they could be seen."""


async def run(plan: Plan, data: Path, *, tell: Callable[[str], None] = lambda _: None) -> Crashes:
    """Raises AssertionError where a job was lost, or ended twice, or differently from how it should."""
    crashes = Crashes()
    async with system(
        data, workers=plan.workers, idle_seconds=plan.idle_seconds, step_seconds=plan.step_seconds
    ) as target:
        watcher = ObjectWatcher(target.store)
        submitting = asyncio.create_task(target.submit(plan.jobs))
        looking = asyncio.create_task(watcher.look())
        hurting = asyncio.gather(_kill(target, plan, crashes, tell), _stop(target, plan, crashes))
        await hurting
        job_ids = await submitting
        await all_ended(target, job_ids, seconds=900, tell=lambda ended: tell(f"{ended} of {plan.jobs} jobs ended"))
        looking.cancel()
        await completed_with_all_objects(target, job_ids)
        assert not watcher.incomplete
        state = await target.jobstore.jobs.queue_state()
        assert (state.waiting, state.running) == (0, 0)
        crashes.looked_at = watcher.looked_at
        crashes.takeovers.seconds = [seconds async for seconds in _takeovers(target, plan, crashes)]
    return crashes


def _names(plan: Plan) -> list[str]:
    return [f"worker-{number}" for number in range(1, plan.workers + 1)]


async def _kill(target: System, plan: Plan, crashes: Crashes, tell: Callable[[str], None]) -> None:
    chance = random.Random(7)
    for number in range(plan.kills):
        await asyncio.sleep(plan.pause_seconds)  # the others get some work done
        name = chance.choice(_names(plan)[ZOMBIES:])
        target.kill(name)
        crashes.kills.append((name, time.time()))
        await target.restart(name)
        tell(f"{number + 1} of {plan.kills} workers killed, {len(crashes.stops)} of {plan.stops} stopped")


async def _stop(target: System, plan: Plan, crashes: Crashes) -> None:
    async def stop_one(name: str, times: int) -> None:
        for _ in range(times):
            await asyncio.sleep(plan.idle_seconds / 2)  # it takes jobs
            os.kill(target.pid(name), signal.SIGSTOP)
            crashes.stops.append((name, time.time()))
            await asyncio.sleep(plan.idle_seconds * 1.5)  # and sleeps
            os.kill(target.pid(name), signal.SIGCONT)

    await asyncio.gather(*(stop_one(name, plan.stops // ZOMBIES) for name in _names(plan)[:ZOMBIES]))


async def _takeovers(target: System, plan: Plan, crashes: Crashes) -> AsyncIterator[float]:
    """For each job that a worker had when it was killed or stopped: how long until somebody took it up."""
    lease_changes = {name: target.lease_changes(name) for name in _names(plan)}
    for name, at in [*crashes.kills, *crashes.stops]:
        had = set[str]()
        for change in lease_changes[name]:
            if change.at < at:
                (had.add if change.claimed else had.discard)(change.job_id)
        for job_id in had:
            ended = (await target.jobstore.jobs.get(job_id)).ended_at
            changes = (one for many in lease_changes.values() for one in many)
            later = [one.at for one in changes if one.claimed and one.job_id == job_id and one.at > at]
            if later and ended and ended.timestamp() > at:
                yield min(later) - at
