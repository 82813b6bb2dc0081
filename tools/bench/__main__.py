"""Measures everything on fresh stacks and writes the tables to `BENCHMARKS.md`."""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

from deploy.local import ports
from deploy.local.options import on_port
from deploy.local.stack import Stack, running
from tools.bench import document, memory, pipeline, status, submit, watch
from tools.bench.client import Client
from tools.bench.figures import Row, table

NOTES = """\
Every figure is of one run on an otherwise idle machine; client, all processes and Valkey (append-only, synced on every
write) share its cores. *No-op jobs* run through all seven processes and the real job store, object store and
event stream; their model services answer at once with pictures made beforehand. The plain FastAPI app does the same
image work in one process and keeps nothing that would survive a crash."""


@asynccontextmanager
async def stack_for(
    purpose: str,
    *,
    noop: bool = False,
    modules: Mapping[str, str] | None = None,
    workers: int = 1,
    beside: bool = False,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Stack]:
    """A fresh stack with its data in a directory of its own; `beside` gives each worker a diffusion of its own.

    `noop` takes models that do nothing, `modules` those that it names.
    """
    (port,) = ports.free(1)
    with tempfile.TemporaryDirectory(prefix=f"modomo-{purpose}-") as directory:
        layout = on_port(
            port,
            data=Path(directory),
            workers=workers,
            modules=modules or (pipeline.NOOP if noop else {}),
            beside=beside and workers > 0,
            overrides={
                "MODOMO_LOG_LEVEL": "WARNING",
                "MODOMO_GATEWAY_QUEUE_LIMIT": "100000",
                "MODOMO_GATEWAY_OWNER_QUEUE_LIMIT": "100000",
                # all clients are of one address, which may hold half of the streams
                "MODOMO_GATEWAY_STREAM_LIMIT": "4096",
                "MODOMO_GATEWAY_MAX_CONNECTIONS_PER_ADDRESS": "4096",
                **(settings or {}),
            },
        )
        async with running(layout) as stack:
            yield stack


async def measure(console: Console, *, beside: bool = False) -> list[Row]:
    """All rows, in the order of the table."""
    rows: list[Row] = []
    with console.status("starting") as progress:
        started = time.monotonic()
        async with stack_for("lite", beside=beside) as stack, Client(stack.layout.url) as client:
            rows.append(
                Row(what="from nothing to ready, warm environment", figure=f"{time.monotonic() - started:.1f} s")
            )
            progress.update("memory of each process, 200 jobs")
            rows += await memory.measure(stack, client)
            progress.update("status")
            rows += await status.measure(client)
        async with stack_for("submit", workers=0) as stack, Client(stack.layout.url) as client:
            progress.update("submit")
            rows += await submit.measure(client)
            rows.append(await asyncio.to_thread(submit.measure_image_work))
        async with stack_for("watch", workers=0) as stack:
            progress.update("WebSocket")
            rows += await watch.measure(stack)
        async with stack_for("pipeline", noop=True, beside=beside) as stack, Client(stack.layout.url) as client:
            progress.update("no-op jobs")
            rows += await pipeline.measure(client)
    return rows


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--placement",
        choices=("apart", "sidecar"),
        default="apart",
        help="sidecar: each worker has a diffusion of its own; printed, not written",
    )
    beside = parser.parse_args().placement == "sidecar"
    console = Console()
    rows = asyncio.run(measure(console, beside=beside))
    text = table(rows)
    if not beside:
        text = document.write("system", title="The system", command="make bench", rows=rows, notes=NOTES)
    console.print(text, soft_wrap=True)


if __name__ == "__main__":
    main()
