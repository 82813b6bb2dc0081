"""`python -m tools.bench.observability_cost`: what metrics and traces cost a call, a poll and a job, in CPU time."""

import argparse
import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final
from unittest import mock

import psutil  # type: ignore[import-untyped]  # it publishes no types
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from rich.console import Console

from deploy.local.stack import Stack
from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.diffusion.v1 import diffusion_service_pb2_grpc as pb_grpc
from servicekit.observability import logs, metrics, tracing
from servicekit.rpc import client
from servicekit.rpc.server import ServerOptions, running
from tests.fixtures.otlp_collector import collecting
from tests.fixtures.probe_service import SERVICE, Probe
from tools.bench import document
from tools.bench.__main__ import stack_for
from tools.bench.client import Client
from tools.bench.figures import Row, Samples
from tools.bench.photos import small_photo

ROUNDS: Final = 20
CALLS: Final = 100
"""In each round, of each kind."""
JOBS: Final = 60
POLLS: Final = 2000
SCRAPES: Final = 50

NOTES: Final = """\
CPU time, which other work on the machine hardly changes. A call is a unary RPC over loopback that does nothing, both
ends in one process; a job is a no-op job through all six processes, which are counted together, every span recorded and
sent to a collector."""


async def calls() -> list[Row]:
    """The same calls uncounted, counted, and counted and traced, in turns."""
    options = ServerOptions(address="127.0.0.1:0", drain_seconds=0.1)
    add = pb_grpc.add_DiffusionServiceServicer_to_server
    probe, milliseconds = Probe(), dict.fromkeys(("nothing", "metrics", "traces"), 0.0)
    async with (
        running(options, [(SERVICE, lambda server: add(probe, server))]) as server,
        client.channel(f"127.0.0.1:{server.port}") as channel,
    ):
        stub: Any = pb_grpc.DiffusionServiceStub(channel)
        for number in range(ROUNDS + 1):
            with _uncounted():
                nothing = await _call(stub)
            counted = await _call(stub)
            with _traced():
                traced = await _call(stub)
            if number:  # connecting is not calling
                for name, spent in zip(milliseconds, (nothing, counted, traced), strict=True):
                    milliseconds[name] += spent / ROUNDS
    bare, counted, traced = milliseconds.values()
    return [
        Row(
            what="a call with metrics at both ends",
            figure=f"{counted:.3f} ms CPU",
            baseline=f"without: {bare:.3f} ms",
            ratio=f"{counted / bare:.2f}× its CPU",
        ),
        Row(
            what="a call with metrics and traces at both ends",
            figure=f"{traced:.3f} ms CPU",
            baseline=f"without either: {bare:.3f} ms",
            ratio=f"{traced / bare:.2f}× its CPU",
        ),
    ]


async def system() -> list[Row]:
    """Polls and jobs on a whole system without traces, and on one with."""
    async with stack_for("untraced", noop=True) as stack, Client(stack.layout.url) as app:
        plain = await _work(stack, app)
        scraped = await _scrape(app)
    with collecting() as collector:
        settings = {"MODOMO_OTLP_ENDPOINT": collector.endpoint}
        async with stack_for("traced", noop=True, settings=settings) as stack, Client(stack.layout.url) as app:
            traced = await _work(stack, app)
        spans = len(collector.spans)
    rows = [
        Row(
            what=f"{what} with traces",
            figure=f"{with_traces:.2f} ms CPU",
            baseline=f"without: {without:.2f} ms",
            ratio=f"{with_traces / without:.2f}× its CPU",
        )
        for what, with_traces, without in zip(("status of a job", "a no-op job"), traced, plain, strict=True)
    ]
    rows.append(Row(what=f"spans of {JOBS} jobs and {POLLS} polls", figure=f"{spans}"))
    return [*rows, scraped]


async def _call(stub: Any) -> float:
    """CPU time of a call in ms."""
    before = time.process_time()
    with tracing.span("calls", parent=""):
        for _ in range(CALLS):
            await stub.Preview(pb.PreviewRequest())
    return (time.process_time() - before) / CALLS * 1000


async def _work(stack: Stack, app: Client) -> tuple[float, float]:
    """CPU time of a poll and of a job in ms, of all processes together but Valkey."""
    processes = [
        psutil.Process(child.process.pid) for name, child in stack.children.items() if not name.startswith("redis")
    ]

    def spent() -> float:
        return float(sum(sum(process.cpu_times()[:2]) for process in processes)) * 1000

    photo = await asyncio.to_thread(small_photo)
    first = await app.submit(photo)
    await app.completed(first.job_id)
    before = spent()
    for _ in range(POLLS):
        await app.status(first.job_id)
    polled = spent()
    for _ in range(JOBS):
        await app.completed((await app.submit(photo)).job_id)
    return (polled - before) / POLLS, (spent() - polled) / JOBS


async def _scrape(app: Client) -> Row:
    samples, size = Samples(), 0
    for _ in range(SCRAPES):
        with samples.measure():
            async with app.session.get("/metrics") as answer:
                size = len(await answer.read())
    return Row(what=f"reading the gateway's metrics, {size / 1000:.0f} kB", figure=samples.milliseconds())


class _Mute:
    """In place of any metric."""

    def labels(self, *_labels: str) -> "_Mute":
        return self

    def observe(self, _value: float) -> None:
        """Drops it."""

    inc = dec = lambda _self: None


@contextmanager
def _uncounted() -> Iterator[None]:
    names = ("RPC_SECONDS", "RPC_IN_FLIGHT", "RPC_ERRORS", "CALL_SECONDS", "CALLS_IN_FLIGHT")
    with ExitStack() as muted:
        for name in names:
            muted.enter_context(mock.patch.object(metrics, name, _Mute()))
        yield


class _Nowhere(SpanExporter):
    """Takes spans as a collector that is never slow."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Drops them."""
        return SpanExportResult.SUCCESS


@contextmanager
def _traced() -> Iterator[None]:
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(_Nowhere()))
    with mock.patch.object(tracing._process, "tracer", provider.get_tracer("bench")):
        yield
    provider.shutdown()


async def measure() -> list[Row]:
    """All rows."""
    return [*await calls(), *await system()]


def main() -> None:
    """Runs the command line."""
    argparse.ArgumentParser(prog="python -m tools.bench.observability_cost", description=__doc__).parse_args()
    logs.configure("bench", level="ERROR")
    rows = asyncio.run(measure())
    title, command = "Observability: metrics and traces", "python -m tools.bench.observability_cost"
    Console().print(
        document.write("observability", title=title, command=command, rows=rows, notes=NOTES), soft_wrap=True
    )


if __name__ == "__main__":
    main()
