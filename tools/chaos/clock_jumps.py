"""Clocks that jump by an hour, there and back, under jobs in work: that of Redis, that of the services, both.

Each job completes, once. Deadlines are times of day, since processes share them: here they are longer than the jump.
Monotonic clocks go on, as they do when a real clock is set.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local import ports
from deploy.local.layout import valkey_binary
from deploy.local.processes import Child
from deploy.local.stack import ROOT
from servicekit.errors import Unavailable
from servicekit.jobstore.redis import JobStoreSettings, connect
from tools.chaos.system import system
from tools.chaos.traffic import jobs_in_mid_work, until_ready

FAKETIME: Final = ROOT / "build" / "libfaketime"
"""Debian's package, unpacked."""
JUMP_SECONDS: Final = 3600


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much."""

    jobs: int
    """For each jump."""
    clocks: Sequence[tuple[str, ...]]
    """Which jump together."""


LONG: Final = Plan(jobs=12, clocks=(("redis",), ("services",), ("redis", "services")))


@dataclass(kw_only=True)
class Jumps:
    """What came of it."""

    jobs: int = 0
    """That completed."""
    jumps: int = 0
    repeated: int = 0
    """Jobs that were begun again, since a jump of Redis's clock ends leases."""


def library() -> Path | None:
    """What lets a process see another time; None where there is none."""
    return next(FAKETIME.glob("usr/lib/*/faketime/libfaketime.so.1"), None)


async def run(plan: Plan, data: Path, *, tell: Callable[[str], None] = lambda _: None) -> Jumps:
    """Raises AssertionError where a job did not complete, or a stream had a gap."""
    done, clocks = Jumps(), {name: data / f"{name}.clock" for name in ("redis", "services")}
    data.mkdir(parents=True)  # noqa: ASYNC240 - nothing else runs
    for clock in clocks.values():
        clock.write_text("+0")
    limits = {f"MODOMO_GATEWAY_{name}_SECONDS": str(3 * JUMP_SECONDS) for name in ("WAIT", "RUN")}
    async with (
        _redis(data, _environment(clocks["redis"])) as url,
        system(
            data / "system",
            workers=2,
            idle_seconds=6.0,
            step_seconds=0.1,
            redis_url=url,
            overrides=limits | _environment(clocks["services"]),
        ) as target,
    ):
        for together in plan.clocks:
            for time_of_day in (f"+{JUMP_SECONDS}", "+0"):
                tell(f"the clock of {' and '.join(together)} is at {time_of_day} s")
                async with jobs_in_mid_work(target, plan.jobs) as job_ids:
                    for name in together:
                        clocks[name].write_text(time_of_day)
                records = [await target.jobstore.jobs.get(job_id) for job_id in job_ids]
                done.repeated += sum(job.deliveries > 1 for job in records)
                done.jobs += len(job_ids)
                done.jumps += 1
                await until_ready(target)
    return done


def _environment(clock: Path) -> dict[str, str]:
    """For a process that sees the time as the file says, asked at each look."""
    found = library()
    assert found is not None, "libfaketime is missing"
    return {
        "LD_PRELOAD": str(found),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


@asynccontextmanager
async def _redis(data: Path, environment: dict[str, str]) -> AsyncIterator[str]:
    (port,) = ports.free(1)
    command = [str(valkey_binary()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(data)]
    durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
    child = await Child.start(
        "redis", command + durable, environment=os.environ | environment, directory=data, log=data / "redis.log"
    )
    url = f"redis://127.0.0.1:{port}/0"
    jobstore = connect(JobStoreSettings(redis_url=url))
    try:
        async with asyncio.timeout(30):
            while True:
                try:
                    await jobstore.jobs.check()
                    break
                except Unavailable:
                    await asyncio.sleep(0.05)  # it starts
        yield url
    finally:
        for role in (jobstore.queue, jobstore.events, jobstore.jobs):
            await role.close()
        await child.stop()
