"""Another version takes over while clients submit, follow and ask, process by process, and then hands back.

`python -m tools.chaos.upgrade DIRECTORY` is given a checkout of the other version with its own environment (`.venv`).
Two processes of each kind, with the lite engines of either version; Redis and the pictures stay where they are. Whoever
is called is upgraded before who calls, and the other way round on the way back. One worker of the two is killed in
mid-work each time, so that jobs which one version began are ended by the other.
"""

import argparse
import asyncio
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local.stack import ROOT
from servicekit.jobstore import JobStatus
from tools.chaos.invariants import assert_orderly
from tools.chaos.replicas import Balancer, Processes, Release, doubled
from tools.chaos.rolling_restart import Plan, Replacement, use
from tools.chaos.system import System

PLAN: Final = Plan(clients=3, pause_seconds=0.2)
KILLED: Final = "worker-1"
"""The others are told to end."""
SETTLED_SECONDS: Final = 3.0
"""How long both versions work side by side after each process that was replaced."""


@dataclass(kw_only=True)
class Upgrade:
    """What came of it."""

    there: Replacement
    """From the other version to this one."""
    back: Replacement
    taken_over: int
    """Jobs that a worker began and another ended."""


async def run(before: Release, data: Path, *, tell: Callable[[str], None] = lambda _: None) -> Upgrade:
    """Raises AssertionError where a request failed, a job did not complete once, an event was lost, or the version that
    is left cannot show what the one before it made."""
    this = Release()
    async with doubled(data, before) as (processes, balancer, target):
        there = await _replace(processes, balancer, target, this, order=processes.names(), tell=tell)
        await _all_shown(target, there.jobs)
        back = await _replace(processes, balancer, target, before, order=processes.names()[::-1], tell=tell)
        await _all_shown(target, there.jobs + back.jobs)
        records = [await target.jobstore.jobs.get(job_id) for job_id in there.jobs + back.jobs]
    return Upgrade(there=there, back=back, taken_over=sum(job.deliveries > 1 for job in records))


async def _replace(
    processes: Processes,
    balancer: Balancer,
    target: System,
    release: Release,
    *,
    order: list[str],
    tell: Callable[[str], None],
) -> Replacement:
    done, stop, started = Replacement(), asyncio.Event(), time.monotonic()
    clients = [asyncio.create_task(use(target, PLAN, stop, done)) for _ in range(PLAN.clients)]
    try:
        for name in order:
            tell(f"{name} becomes that of {release.root}")
            await processes.replace(name, release, kill=name == KILLED)
            await balancer.until_all_are_ready()
            await asyncio.wait(clients, timeout=SETTLED_SECONDS, return_when=asyncio.FIRST_EXCEPTION)
            for client in clients:
                if client.done():
                    client.result()
            done.processes += 1
        stop.set()
        await asyncio.gather(*clients)
    finally:
        for client in clients:
            client.cancel()
    done.seconds = time.monotonic() - started
    return done


async def _all_shown(target: System, job_ids: list[str]) -> None:
    """Every job ended once, and its pictures are there."""
    for job_id in job_ids:
        events = await target.jobstore.events.read(job_id)
        assert_orderly(events)
        assert events[-1].status is JobStatus.COMPLETED, events[-1]
        status = await target.client.status(job_id)
        assert status["status"] == "completed", status
        result = status["result"]
        for url in (result["transformed_url"], result["original_url"], *result["control_maps"].values()):
            async with target.client.session.get(url) as answer:
                assert answer.status == 200, (url, answer.status)


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="make upgrade", description=__doc__)
    parser.add_argument("before", type=Path, help="a checkout of the other version, with its environment in .venv")
    folder = parser.parse_args().before.resolve()
    before = Release(root=folder, python=folder / ".venv" / "bin" / "python")
    subprocess.run([before.python, "-c", "import gateway"], cwd=folder, check=True)
    with tempfile.TemporaryDirectory(prefix="modomo-upgrade-") as directory:
        done = asyncio.run(run(before, Path(directory) / "system", tell=print))
    for way, one in (("to this version", done.there), ("back", done.back)):
        print(
            f"{way}: {one.processes} processes in {one.seconds:.0f} s, {len(one.jobs)} jobs and {one.requests} "
            "requests, none failed; each job ended once, no event lost"
        )
    print(f"{done.taken_over} jobs were begun by one worker and ended by another ({ROOT.name} and {folder.name})")


if __name__ == "__main__":
    main()
