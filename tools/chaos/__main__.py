"""Runs the long version of every scenario and writes the table to `BENCHMARKS.md`, or of those that are named alone."""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

from tests.fixtures.otlp_collector import collecting
from tests.security.images import Report
from tools.bench import document
from tools.bench.figures import Row, Samples
from tools.chaos import (
    backlog,
    cancellation,
    clock_jumps,
    failover,
    full_disks,
    rolling_restart,
    service_outages,
    store_outages,
    stream_clients,
    webhooks,
    worker_crashes,
)

IMAGES: Final = 5200
ROOT: Final = Path(__file__).parents[2]

Tell = Callable[[str], None]

NOTES: Final = """\
Real processes, Valkey (append-only, synced on every write) and, for the object store, a real S3 server behind a proxy
that fails on order; the model services answer at once, diffusion takes its time step by step. Every scenario ends only
when every job has: it fails where one is lost, ends twice, has a gap in its events or progress that goes down, or names
an object that is not there and whole. Deliveries are not limited here: chaos hits the same job again and again."""


async def _deaths(data: Path, tell: Tell) -> list[Row]:
    done = await worker_crashes.run(worker_crashes.LONG, data, tell=tell)
    plan = worker_crashes.LONG
    killed = f"{plan.jobs} jobs, {plan.workers} workers, {len(done.kills)} kill -9, {len(done.stops)} SIGSTOP/SIGCONT"
    return [
        Row(what=killed, figure=f"{plan.jobs} completed, each once; {done.looked_at} objects, none seen half-written"),
        Row(
            what="worker gone → its job taken over (idle limit 6 s)",
            figure=f"{seconds(done.takeovers)}, of {len(done.takeovers.seconds)}",
        ),
    ]


async def _services(data: Path, tell: Tell) -> list[Row]:
    done, plan = await service_outages.run(service_outages.LONG, data, tell=tell), service_outages.LONG
    away = (
        f"each service killed for {plan.away_seconds:g} s, and hung for {plan.hung_seconds:g} s, in mid-job; "
        f"the notifier slow for {plan.slow_seconds:g} s"
    )
    return [
        Row(
            what=away, figure=f"{done.jobs} of {done.jobs} jobs completed, no event missed, readiness said no each time"
        ),
        Row(
            what=f"a service gone for good, jobs may run {plan.gone_run_seconds:g} s",
            figure=f"failed after {done.gone_seconds:.1f} s: “{done.gone_reason}”",
        ),
    ]


async def _stores(data: Path, tell: Tell) -> list[Row]:
    done, plan = await store_outages.run(store_outages.LONG, data, tell=tell), store_outages.LONG
    return [
        Row(
            what=f"Redis killed {plan.restarts} times for {plan.away_seconds:g} s, frozen once; object store slow, "
            f"failing every third call, gone for {plan.away_seconds:g} s",
            figure=f"{done.jobs} jobs completed, none failed, no event missed; {done.failed_calls} store calls failed",
        ),
        Row(what="Redis back → first event of a worker", figure=seconds(done.resumed)),
        Row(what="503 with Retry-After while a store is away", figure=seconds(done.refused)),
    ]


async def _full(data: Path, tell: Tell) -> list[Row]:
    del data  # it has disks of its own
    done, plan = await full_disks.run(full_disks.LONG, tell=tell), full_disks.LONG
    what = f"disk of the object store, memory of Redis, disk of Redis full for {plan.full_seconds:g} s each, in mid-job"
    return [
        Row(what=what, figure=f"{done.jobs} jobs completed, each once; {done.refused} submissions told to come again")
    ]


async def _clocks(data: Path, tell: Tell) -> list[Row]:
    done = await clock_jumps.run(clock_jumps.LONG, data, tell=tell)
    what = f"{done.jumps} jumps of clocks by ± 1 h in mid-job: Redis, the services, both"
    return [
        Row(what=what, figure=f"{done.jobs} jobs completed, each once, no event missed; {done.repeated} begun again")
    ]


async def _backlog(data: Path, tell: Tell) -> list[Row]:
    done, plan = await backlog.run(backlog.LONG, data, tell=tell), backlog.LONG
    return [
        Row(
            what=f"everything started again while {plan.jobs} jobs wait",
            figure=f"ready after {done.ready_seconds:.1f} s, all done {done.drained_seconds:.0f} s later, each once",
        )
    ]


async def _failover(data: Path, tell: Tell) -> list[Row]:
    rows = []
    for kind in failover.KINDS:
        done, plan = await failover.run(failover.LONG, data / kind, kind, tell=tell), failover.LONG
        rows += [
            Row(
                what=f"Redis {kind}: primary killed or frozen {done.failovers} times, {plan.clients} clients submit",
                figure=f"{done.jobs} jobs completed, each once, no event missed; {done.refused} submissions came again",
            ),
            Row(what=f"Redis {kind}: primary gone → next one takes writes", figure=seconds(done.moved)),
            Row(what=f"Redis {kind}: next primary → first event of a worker", figure=seconds(done.resumed)),
        ]
    return rows


async def _followers(data: Path, tell: Tell) -> list[Row]:
    done, plan = await stream_clients.run(stream_clients.LONG, data, tell=tell), stream_clients.LONG
    silent = f"{plan.silent} clients that do not read"
    return [
        Row(what=f"{done.reconnects} reconnects with the last seq", figure="no gap, no repeat"),
        Row(what=f"memory of the gateway for {silent}", figure=f"{done.kilobytes_a_silent_client:.0f} KiB more each"),
        Row(
            what=f"event written → {plan.attentive} clients have it, beside {silent}",
            figure=done.beside_silent.milliseconds(),
            baseline=f"without them: {done.alone.milliseconds()}",
            ratio=f"{done.beside_silent.quantile(0.99) / done.alone.quantile(0.99):.2f}× the p99",
        ),
    ]


async def _rolling(data: Path, tell: Tell) -> list[Row]:
    done, plan = await rolling_restart.run(rolling_restart.LONG, data, tell=tell), rolling_restart.LONG
    return [
        Row(
            what=f"rolling restart of {done.processes} processes in {done.seconds:.0f} s, {plan.clients} clients",
            figure=f"{done.requests} requests and {len(done.jobs)} jobs, none failed",
        )
    ]


async def _cancelling(data: Path, tell: Tell) -> list[Row]:
    done = await cancellation.run(cancellation.LONG, data / "a", tell=tell)
    with collecting() as collector:
        tell("with traces")
        traces = {"MODOMO_OTLP_ENDPOINT": collector.endpoint}
        traced = await cancellation.run(cancellation.LONG, data / "b", tell=tell, overrides=traces)
    return [
        Row(
            what=f"cancel → ending: queued, in each stage, worker dead or asleep; {len(done.ended.seconds)} jobs",
            figure=f"{done.ended.milliseconds()}; at most {done.most_steps_after} more steps of the engine",
        ),
        Row(
            what=f"the same with traces of everything, {len(collector.spans)} spans",
            figure=f"{traced.ended.milliseconds()}; at most {traced.most_steps_after} more steps of the engine",
            baseline=f"without traces: {done.ended.milliseconds()}",
            ratio=f"{traced.ended.quantile(0.5) / done.ended.quantile(0.5):.2f}× the p50",
        ),
    ]


async def _webhooks(data: Path, tell: Tell) -> list[Row]:
    done, plan = await webhooks.run(webhooks.LONG, data, tell=tell), webhooks.LONG
    return [
        Row(
            what=f"{plan.kills} kill -9 of notifiers that deliver webhooks, Redis killed once, a receiver that fails",
            figure=f"{done.endings} of {done.endings} endings taken, {done.attempts} attempts",
        )
    ]


async def _images(data: Path, tell: Tell) -> list[Row]:
    tell(f"{IMAGES} bad images")
    data.mkdir()  # noqa: ASYNC240 - nothing else runs
    command = ["-m", "tests.security.images", "--count", str(IMAGES), "--with-largest", "--keep", str(data / "bad")]
    ran = await asyncio.to_thread(
        subprocess.run, [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    report = msgspec.json.decode(ran.stdout.splitlines()[-1], type=Report)
    assert not report.offences, report.offences
    refused = IMAGES - report.outcomes["taken"]
    return [
        Row(
            what=f"{IMAGES} bad images: damaged, bombs, polyglots, heavy metadata, 50 megapixels",
            figure=f"{refused} refused in words, {report.outcomes['taken']} kept without metadata; peak "
            f"{report.peak_megabytes} MiB, slowest {report.slowest_seconds:.1f} s",
        )
    ]


def seconds(samples: Samples) -> str:
    """Median, 99th percentile and worst."""
    worst = max(samples.seconds, default=0.0)
    return f"p50 {samples.quantile(0.5):.2f} s, p99 {samples.quantile(0.99):.2f} s, worst {worst:.2f} s"


SCENARIOS: Final[dict[str, Callable[[Path, Tell], Coroutine[None, None, list[Row]]]]] = {
    "deaths": _deaths,
    "services": _services,
    "stores": _stores,
    "disks": _full,
    "clocks": _clocks,
    "backlog": _backlog,
    "failover": _failover,
    "followers": _followers,
    "rolling": _rolling,
    "cancelling": _cancelling,
    "webhooks": _webhooks,
    "images": _images,
}


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=f"of {', '.join(SCENARIOS)}; all without one")
    options = parser.parse_args()
    unknown = set(options.scenarios) - SCENARIOS.keys()
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    console, rows = Console(), list[Row]()
    for name in options.scenarios or SCENARIOS:
        with tempfile.TemporaryDirectory(prefix="modomo-chaos-") as directory, console.status(name) as progress:

            def tell(what: str, name: str = name) -> None:
                progress.update(f"{name}: {what}")
                console.log(f"{name}: {what}") if not console.is_terminal else None

            made = asyncio.run(SCENARIOS[name](Path(directory) / "system", tell))
        for row in made:
            console.print(f"{row.what}: {row.figure} {row.baseline} {row.ratio}", soft_wrap=True)
        rows += made
    if not options.scenarios:
        document.write("chaos", title="Chaos", command="make chaos", rows=rows, notes=NOTES)


if __name__ == "__main__":
    main()
