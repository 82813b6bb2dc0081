"""Model services and the notifier that die in mid-job, hang, stay away for a while, or never come back."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from servicekit.jobstore.catalog import WAITED_TOO_LONG
from tools.chaos.invariants import all_ended
from tools.chaos.system import system
from tools.chaos.traffic import jobs_in_mid_work, ready, until_ready

SERVICES: Final = ("detection", "controlmaps", "diffusion", "notifier")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long it is bad."""

    jobs: int
    """For each outage."""
    away_seconds: float
    """Killed and not restarted."""
    hung_seconds: float
    """Stopped and continued; 0 leaves this out."""
    slow_seconds: float
    """How long the notifier gets a tenth of the time."""
    gone_run_seconds: float
    """How long a job may run whose service never comes back; 0 leaves this out."""


LONG: Final = Plan(jobs=12, away_seconds=30.0, hung_seconds=30.0, slow_seconds=60.0, gone_run_seconds=30.0)
SHORT: Final = Plan(jobs=2, away_seconds=1.0, hung_seconds=0.0, slow_seconds=2.0, gone_run_seconds=0.0)


@dataclass(kw_only=True)
class Outages:
    """What came of it."""

    jobs: int = 0
    """That completed in spite of an outage."""
    gone_reason: str = ""
    """Why a job failed whose service never came back, as its client reads it."""
    gone_seconds: float = 0.0
    """From its submission to its failure."""
    readiness: dict[str, bool] = field(default_factory=dict)
    """Whether `/health/ready` said no while a service was away, by service."""


async def run(plan: Plan, data: Path, *, tell: Callable[[str], None] = lambda _: None) -> Outages:
    """Raises AssertionError where a job did not complete, a stream had a gap, or the gateway did not tell the truth."""
    outages = Outages()
    async with system(data / "a", workers=2, idle_seconds=6.0, step_seconds=0.1) as target:
        for service in SERVICES:
            tell(f"{service} killed for {plan.away_seconds:g} s")
            async with jobs_in_mid_work(target, plan.jobs):
                target.kill(service)
                await asyncio.sleep(plan.away_seconds)  # the outage
                outages.readiness[service] = await ready(target)
                await target.restart(service)
            outages.jobs += plan.jobs
            await until_ready(target)
            if plan.hung_seconds:
                tell(f"{service} hangs for {plan.hung_seconds:g} s")
                async with jobs_in_mid_work(target, plan.jobs):
                    target.signal(service, signal.SIGSTOP)
                    await asyncio.sleep(plan.hung_seconds)  # the outage
                    target.signal(service, signal.SIGCONT)
                outages.jobs += plan.jobs
                await until_ready(target)
        tell(f"the notifier is slow for {plan.slow_seconds:g} s")
        async with jobs_in_mid_work(target, plan.jobs):
            await _slowed(target.pid("notifier"), plan.slow_seconds)
        outages.jobs += plan.jobs
        await until_ready(target)
    assert not any(outages.readiness.values()), outages.readiness
    if plan.gone_run_seconds:
        tell("diffusion gone for good")
        await _gone(plan, data / "b", outages)
    return outages


async def _slowed(pid: int, seconds: float) -> None:
    """A process that mostly waits for its turn, as on a machine that is far too busy."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(0.9)  # others are at work
        os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(0.1)  # its turn


async def _gone(plan: Plan, data: Path, outages: Outages) -> None:
    limit = {f"MODOMO_GATEWAY_{name}_SECONDS": str(plan.gone_run_seconds) for name in ("RUN", "WAIT")}
    async with system(data, workers=1, idle_seconds=6.0, step_seconds=0.1, overrides=limit) as target:
        async with target.client.session.get("/styles") as styles:  # which the gateway then remembers
            assert styles.status == 200
        target.kill("diffusion")
        started = time.monotonic()
        (job_id,) = await target.submit(1)
        await all_ended(target, [job_id], seconds=2 * plan.gone_run_seconds + 60)
        outages.gone_seconds = time.monotonic() - started
        status = await target.client.status(job_id)
        assert status["status"] == "failed"
        outages.gone_reason = status["error"]
        # the last attempt is refused, or its time ends while it waits: both are true
        assert outages.gone_reason in {"A part of the service does not answer at the moment.", WAITED_TOO_LONG.message}
