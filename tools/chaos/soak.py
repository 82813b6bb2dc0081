"""Traffic for a long while: no process may need more and more memory.

Jobs come at a steady rate, are followed to their end, cancelled now and then, and forgotten when their short retention
is over, so that what is stored stays as much. What each process holds for itself is noted every second; a line is laid
through the means of blocks of it, since values that follow each other are alike. The slope is told with its 95 %
interval. What grows for certain, and by more than a process may, is an error.
"""

import argparse
import asyncio
import math
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]  # none are published with it

from tools.bench.photos import small_photo
from tools.chaos.system import System, system
from tools.chaos.traffic import watch

MOST_MEGABYTES_AN_HOUR: Final = 10.0
"""What a process may grow by at the low end of the interval: a day of it is no reason to restart anything."""
WARM_UP_SHARE: Final = 0.4
"""Of the time, before anything is noted: caches fill, allocators find their size, the first jobs are forgotten."""
BLOCKS: Final = 12
RETENTION_SECONDS: Final = 180
"""Above what the gateway asks for with the times below; what is noted begins after it."""
_CANCELLED_SHARE: Final = 0.1
_T_95: Final = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18)
"""Student's t for 95 %, two-sided, by degrees of freedom from 1 on."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long, and how much."""

    minutes: float
    jobs_a_second: float = 3.0


@dataclass(frozen=True, kw_only=True)
class Slope:
    """How a process's memory changed, in MB an hour, with a 95 % interval."""

    megabytes: float
    """At the end."""
    an_hour: float
    margin: float

    @property
    def flat(self) -> bool:
        """Whether it does not grow for certain, or by no more than it may."""
        return self.an_hour - self.margin <= MOST_MEGABYTES_AN_HOUR

    def __str__(self) -> str:
        """For people."""
        return f"{self.megabytes:.0f} MB, {self.an_hour:+.1f} ± {self.margin:.1f} MB an hour"


@dataclass(kw_only=True)
class Soak:
    """What came of it."""

    jobs: int = 0
    slopes: dict[str, Slope] = field(default_factory=dict)
    """By process."""


async def run(plan: Plan, data: Path, *, tell: Callable[[str], None] = lambda _: None) -> Soak:
    """Raises AssertionError where a job does not end as it should."""
    overrides = {
        "MODOMO_GATEWAY_WAIT_SECONDS": "20",
        "MODOMO_GATEWAY_BATCH_WAIT_SECONDS": "20",
        "MODOMO_GATEWAY_RUN_SECONDS": "10",
        "MODOMO_GATEWAY_RETENTION_SECONDS": str(RETENTION_SECONDS),
        "MODOMO_WORKER_SWEEP_SECONDS": "10",
    }
    done, notes, seconds = Soak(), defaultdict[str, list[tuple[float, float]]](list), plan.minutes * 60
    async with system(data, workers=2, idle_seconds=6.0, step_seconds=0.01, overrides=overrides) as target:
        stop, start = asyncio.Event(), time.monotonic()
        traffic = asyncio.create_task(_traffic(target, plan, stop, done))
        while (now := time.monotonic() - start) < seconds and not traffic.done():
            if now >= seconds * WARM_UP_SHARE:
                for name, child in target.stack.children.items():
                    notes[name].append((now / 3600, held(child.process.pid) / 2**20))
            tell(f"{now / 60:.1f} of {plan.minutes:g} minutes, {done.jobs} jobs")
            await asyncio.sleep(1)  # between two notes
        stop.set()
        await traffic
    done.slopes = {name: slope(noted) for name, noted in notes.items()}
    return done


def held(pid: int) -> int:
    """Bytes of memory that are a process's own; how much of files is in memory is the kernel's choice, and shrinks."""
    rollup = Path(f"/proc/{pid}/smaps_rollup")
    if not rollup.exists():
        return int(psutil.Process(pid).memory_info().rss)
    lines = (line.split() for line in rollup.read_text().splitlines())
    return sum(int(line[1]) * 1024 for line in lines if line[0] in ("Anonymous:", "SwapPss:"))


def slope(notes: Sequence[tuple[float, float]]) -> Slope:
    """Of hours and megabytes: a least-squares line through the means of blocks, with its interval."""
    size = len(notes) // BLOCKS
    if size < 1:
        raise ValueError(f"{len(notes)} notes are too few for {BLOCKS} blocks")
    blocks = [notes[start : start + size] for start in range(0, size * BLOCKS, size)]
    times = [sum(at for at, _ in block) / size for block in blocks]
    values = [sum(value for _, value in block) / size for block in blocks]
    middle, mean = sum(times) / BLOCKS, sum(values) / BLOCKS
    spread = sum((at - middle) ** 2 for at in times)
    rise = sum((at - middle) * (value - mean) for at, value in zip(times, values, strict=True)) / spread
    rest = sum((value - mean - rise * (at - middle)) ** 2 for at, value in zip(times, values, strict=True))
    margin = _T_95[BLOCKS - 3] * math.sqrt(rest / (BLOCKS - 2) / spread)
    return Slope(megabytes=values[-1], an_hour=rise, margin=margin)


async def _traffic(target: System, plan: Plan, stop: asyncio.Event, done: Soak) -> None:
    photo, chance = await asyncio.to_thread(small_photo), random.Random(3)
    async with asyncio.TaskGroup() as jobs:
        while not stop.is_set():
            jobs.create_task(_job(target, photo, chance.random() < _CANCELLED_SHARE, done))
            await asyncio.sleep(chance.expovariate(plan.jobs_a_second))  # as callers who know nothing of each other


async def _job(target: System, photo: bytes, cancelled: bool, done: Soak) -> None:
    job_id = (await target.client.submit(photo)).job_id
    watching = asyncio.create_task(watch(target, job_id))
    if cancelled:
        async with target.client.session.delete(f"/transform/{job_id}") as answer:
            assert answer.status in (200, 409), await answer.text()
    async with asyncio.timeout(60):
        seqs = await watching
    assert seqs == list(range(1, len(seqs) + 1)), seqs
    status = (await target.client.status(job_id))["status"]
    assert status == "completed" or (cancelled and status == "cancelled"), status
    done.jobs += 1


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    options = parser.parse_args()
    if options.minutes * 60 * WARM_UP_SHARE <= RETENTION_SECONDS:
        parser.error(f"--minutes: what is stored grows for the first {RETENTION_SECONDS} s; 15 minutes say something")
    with tempfile.TemporaryDirectory(prefix="modomo-soak-") as directory:
        done = asyncio.run(run(Plan(minutes=options.minutes), Path(directory) / "system"))
    print(f"{done.jobs} jobs in {options.minutes:g} minutes; memory after the first {WARM_UP_SHARE:.0%} of it:")
    for name, one in done.slopes.items():
        print(f"  {name}: {one}{'' if one.flat else ', which is growth'}")
    if not all(one.flat for one in done.slopes.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
