"""A system that is started again, Redis included, while thousands of jobs wait."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.chaos.invariants import all_ended, completed_with_all_objects
from tools.chaos.system import system

WORKERS: Final = 2


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many."""

    jobs: int


LONG: Final = Plan(jobs=10_000)


@dataclass(kw_only=True)
class Restart:
    """What came of it."""

    ready_seconds: float = 0.0
    """From the start of the first process to the gateway's readiness."""
    drained_seconds: float = 0.0
    """From then to the last job's end."""


async def run(plan: Plan, data: Path, *, tell: Callable[[str], None] = lambda _: None) -> Restart:
    """Raises AssertionError where a job is lost, ends twice, or lacks a picture."""
    done, workers = Restart(), [f"worker-{number}" for number in range(1, WORKERS + 1)]
    limits = {f"MODOMO_GATEWAY_{name}_SECONDS": "7200" for name in ("WAIT", "RUN")}
    async with system(data, workers=WORKERS, idle_seconds=6.0, step_seconds=0.0, overrides=limits) as target:
        children = target.stack.children
        for name in workers:
            await children[name].stop()
        tell(f"{plan.jobs} submissions")
        job_ids = await target.submit(plan.jobs)
        everybody = [name for name in children if name != "redis"]
        await asyncio.gather(*(children[name].stop() for name in everybody))
        target.kill("redis")
        start = time.monotonic()
        await target.restart("redis")
        await asyncio.gather(*(target.restart(name) for name in everybody))
        await target.stack.until_ready(tell)
        done.ready_seconds = time.monotonic() - start
        tell("it goes on")
        start = time.monotonic()
        await all_ended(target, job_ids, seconds=60 + plan.jobs, tell=lambda count: tell(f"{count} of {plan.jobs}"))
        done.drained_seconds = time.monotonic() - start
        await completed_with_all_objects(target, job_ids)
    return done
