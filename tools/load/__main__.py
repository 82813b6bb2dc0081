"""`make load`: a whole local stack under an evening's mix; the report goes to `build/load/index.html`."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress

from deploy.local import ports
from deploy.local.layout import SERVICES
from deploy.local.options import on_port
from deploy.local.stack import ROOT, Stack, StackError, running
from tools.bench.client import Client
from tools.bench.pipeline import NOOP
from tools.load import report
from tools.load.album import Album
from tools.load.plan import Plan
from tools.load.probe import Probe
from tools.load.records import Records
from tools.load.result import NAMES, RunResult
from tools.load.users import Users

REPORT: Final = ROOT / "build" / "load"
CONNECTIONS: Final = 2_000
"""More than there are people at a time: everybody has a connection."""


@asynccontextmanager
async def measured_stack(data: Path, *, noop: bool) -> AsyncIterator[tuple[Stack, dict[str, int]]]:
    """A stack with one worker, and the port of each process's metrics; nobody is refused for being too many."""
    names = [*SERVICES, "worker-1", "gateway"]
    port, *metrics = ports.free(1 + len(names))
    shown = dict(zip(names, metrics, strict=True))
    if noop:  # the stand-ins show no metrics
        shown = {name: number for name, number in shown.items() if name not in NOOP}
    layout = on_port(
        port,
        data=data,
        modules=NOOP if noop else {},
        overrides={
            "MODOMO_LOG_LEVEL": "WARNING",
            "MODOMO_GATEWAY_QUEUE_LIMIT": "100000",
            "MODOMO_GATEWAY_OWNER_QUEUE_LIMIT": "100000",
            "MODOMO_GATEWAY_UNITS_PER_MINUTE": "0",
            **{f"MODOMO_{name.removesuffix('-1').upper()}_METRICS_PORT": str(port) for name, port in shown.items()},
        },
    )
    async with running(layout) as stack:
        yield stack, shown


async def load(plan: Plan, *, noop: bool, progress: Progress) -> RunResult:
    """Starts a stack, lets everybody come, and stops it."""
    visits = plan.visits()
    photos = Album.keys(visits)
    bar = progress.add_task("making photos", total=len(photos))
    album = await asyncio.to_thread(Album, visits, lambda: progress.advance(bar))
    bar = progress.add_task("people with photos", total=len(visits))
    with tempfile.TemporaryDirectory(prefix="modomo-load-") as directory:
        async with (
            measured_stack(Path(directory), noop=noop) as (stack, shown),
            Client(stack.layout.url, connections=CONNECTIONS) as client,
        ):
            records = Records()
            probe = Probe(stack, shown, lambda: records.now)
            before = await probe.pages()
            watching = asyncio.create_task(probe.watch())
            await Users(plan, client, records, album.photo).come(visits, lambda: progress.advance(bar))
            watching.cancel()
            after = await probe.pages()
            engine = "noop" if noop else stack.layout.engine
    return RunResult(plan=plan, records=records, looks=probe.looks, before=before, after=after, engine=engine)


def main() -> int:
    """Runs the command line; 1 where a job was lost or something failed."""
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=Plan.seconds, help="for which people come")
    parser.add_argument("--rate", type=float, default=Plan.rate, help="photos a second")
    parser.add_argument("--lookers", type=float, default=Plan.lookers, help="looks at results a second")
    parser.add_argument("--seed", type=int, default=Plan.seed, help="of everything that is left to chance")
    parser.add_argument("--noop", action="store_true", help="model services that answer at once: the system alone")
    parser.add_argument("--out", type=Path, default=REPORT, help="directory of the report")
    options = parser.parse_args()
    try:
        plan = Plan(seconds=options.seconds, rate=options.rate, lookers=options.lookers, seed=options.seed)
    except ValueError as error:
        parser.error(str(error))
    console = Console()
    try:
        with Progress(console=console) as progress:
            result = asyncio.run(load(plan, noop=options.noop, progress=progress))
    except StackError as error:
        console.print(f"[red]The stack cannot run:[/] {error}", highlight=False)
        return 1
    for line in result.lines:
        console.print(f"{NAMES[line.kind]:>50}  {line.samples.milliseconds()}", highlight=False)
    for problem in result.records.problems[:10]:
        console.print(f"[red]{problem}[/]", highlight=False)
    console.print(f"report: {report.write(result, options.out)}", soft_wrap=True)
    return 0 if result.good else 1


if __name__ == "__main__":
    sys.exit(main())
