"""One trace over our own servers and channels, what it costs where it is off, and what goes wrong with its settings."""

import asyncio
import builtins
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from deploy.local import ports
from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from servicekit.config.env import SettingsError
from servicekit.errors import InvalidArgument
from servicekit.inference.executor import DeviceExecutor
from servicekit.observability import tracing
from servicekit.observability.tracing import TracingSettings
from tests.fixtures.otlp_collector import collecting
from tests.fixtures.probe_service import SERVICE, Probe, forever

if TYPE_CHECKING:  # the name exists in the type stubs alone
    from modomo.diffusion.v1.diffusion_service_pb2_grpc import DiffusionServiceAsyncStub as Stub

ROOT = "00-11111111111111111111111111111111-2222222222222222-01"
OTHER = "00-33333333333333333333333333333333-4444444444444444-01"


def by_kind(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    """The spans, each once, by kind."""
    spans = exporter.get_finished_spans()
    assert len({span.kind for span in spans}) == len(spans)
    return {span.kind.name: span for span in spans}


def parent_id(span: ReadableSpan) -> int:
    assert span.parent
    return int(span.parent.span_id)


def span_id(span: ReadableSpan) -> int:
    assert span.context
    return int(span.context.span_id)


async def test_a_call_joins_both_sides(probe: Probe, probe_stub: "Stub", recorded_spans: InMemorySpanExporter) -> None:
    with tracing.span("work", parent=ROOT):
        await probe_stub.Preview(pb.PreviewRequest())
    spans = by_kind(recorded_spans)
    assert {span.context.trace_id for span in spans.values() if span.context} == {int("1" * 32, 16)}
    assert parent_id(spans["SERVER"]) == span_id(spans["CLIENT"])
    assert parent_id(spans["CLIENT"]) == span_id(spans["INTERNAL"])
    assert spans["SERVER"].name == f"{SERVICE}/Preview"


async def test_a_stream_joins_both_sides(
    probe: Probe, probe_stub: "Stub", recorded_spans: InMemorySpanExporter
) -> None:
    async with asyncio.timeout(30):
        with tracing.span("work", parent=ROOT):
            call = probe_stub.Transform(pb.TransformRequest())
            async with aclosing(_messages(call)) as messages:
                await anext(messages)
            call.cancel()
        await probe.closed.wait()
        while len(recorded_spans.get_finished_spans()) < 3:  # noqa: ASYNC110 - the other side ends by itself
            await asyncio.sleep(0.005)
    spans = by_kind(recorded_spans)
    assert parent_id(spans["SERVER"]) == span_id(spans["CLIENT"])
    assert spans["CLIENT"].status.description == "CANCELLED"


async def test_cancelling_reaches_the_other_side_with_traces_on(
    probe: Probe, probe_stub: "Stub", recorded_spans: InMemorySpanExporter
) -> None:
    probe.act = forever

    async def work() -> None:
        with tracing.span("work", parent=ROOT):
            await probe_stub.Preview(pb.PreviewRequest())

    working = asyncio.create_task(work())
    await probe.started.wait()
    working.cancel()
    async with asyncio.timeout(30):
        await probe.closed.wait()
    with pytest.raises(asyncio.CancelledError):
        await working


async def test_a_refusal_marks_both_sides(
    probe: Probe, probe_stub: "Stub", recorded_spans: InMemorySpanExporter
) -> None:
    async def refuse(_probe: Probe) -> None:
        raise InvalidArgument("OUT_OF_RANGE", "secret text", field="strength")

    probe.act = refuse
    with tracing.span("work", parent=ROOT):
        await asyncio.gather(probe_stub.Preview(pb.PreviewRequest()), return_exceptions=True)
    async with asyncio.timeout(5):
        while len(recorded_spans.get_finished_spans()) < 3:  # noqa: ASYNC110 - the other side may end a moment later
            await asyncio.sleep(0.01)
    spans = by_kind(recorded_spans)
    assert spans["SERVER"].status.description == "OUT_OF_RANGE"
    assert spans["CLIENT"].status.description == "INVALID_ARGUMENT"
    assert "secret" not in "".join(span.to_json() for span in spans.values())


async def test_what_nobody_traces_is_not_traced(
    probe: Probe, probe_stub: "Stub", recorded_spans: InMemorySpanExporter
) -> None:
    with tracing.span("work"):
        await asyncio.sleep(0)
    tracing.record("wait", since=datetime.now(UTC), parent="")
    assert not recorded_spans.get_finished_spans()
    await probe_stub.Preview(pb.PreviewRequest())
    assert set(by_kind(recorded_spans)) == {"SERVER"}, "a call from outside begins a trace"


async def test_a_device_shows_waiting_and_work(recorded_spans: InMemorySpanExporter) -> None:
    executor = DeviceExecutor("test")
    with tracing.span("work", parent=ROOT):
        assert await executor.run(tracing.traceparent) != "", "threads know the trace, too"
    executor.close()
    assert [span.name for span in recorded_spans.get_finished_spans()] == ["test queue", "test device", "work"]


@pytest.mark.parametrize("odd", ["", "nonsense", "00-0-0-01", "00-" + "0" * 32 + "-2222222222222222-01", ROOT * 50])
def test_odd_parents_begin_a_trace(recorded_spans: InMemorySpanExporter, odd: str) -> None:
    with tracing.span("work", parent=odd):
        assert tracing.traceparent()[3:35] not in ("0" * 32, "1" * 32)
    (span,) = recorded_spans.get_finished_spans()
    assert span.parent is None


def test_a_stranger_s_trace_is_linked(recorded_spans: InMemorySpanExporter) -> None:
    with tracing.span("work", parent="", link=OTHER), tracing.span("part", link="nonsense"):
        pass
    part, work = recorded_spans.get_finished_spans()
    assert [link.context.trace_id for link in work.links] == [int("3" * 32, 16)]
    assert not part.links


def test_a_clock_that_is_ahead_gives_no_negative_time(recorded_spans: InMemorySpanExporter) -> None:
    tracing.record("wait", since=datetime.now(UTC) + timedelta(hours=1), parent=ROOT)
    (span,) = recorded_spans.get_finished_spans()
    assert span.start_time == span.end_time


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"otlp_endpoint": "collector:4317"}, "MODOMO_OTLP_ENDPOINT must be http://host:port"),
        ({"otlp_endpoint": "http://collector"}, "MODOMO_OTLP_ENDPOINT must be http://host:port"),
        ({"otlp_endpoint": "http://collector:99999"}, "MODOMO_OTLP_ENDPOINT must be http://host:port"),
        ({"otlp_endpoint": "http://collector:4317/v1/traces"}, "MODOMO_OTLP_ENDPOINT must be http://host:port"),
        ({"trace_ratio": 1.5}, "MODOMO_TRACE_RATIO must lie in 0–1"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, Any], problem: str) -> None:
    settings = TracingSettings(**({"otlp_endpoint": "http://127.0.0.1:4317"} | changes))
    with pytest.raises(SettingsError, match=problem):
        tracing.start("test", settings)


def test_without_the_extra_the_setting_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **options: Any) -> Any:
        if name.startswith("opentelemetry.exporter"):
            raise ModuleNotFoundError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(SettingsError, match=r"MODOMO_OTLP_ENDPOINT.*extra `tracing`"):
        tracing.start("test", TracingSettings(otlp_endpoint="http://127.0.0.1:4317"))


PROGRAM = """
from servicekit import process
from servicekit.config import env
from servicekit.observability import logs, tracing
from servicekit.config.settings import ProcessSettings

process.begin("sample", env.read(ProcessSettings, prefix="MODOMO_SAMPLE_"))
for number in range(100):
    with tracing.span(f"work {number}", parent=""):
        if number == 7:
            logs.get("any").info("within")
logs.get("any").info("outside")
"""


def run_program(settings: Mapping[str, str]) -> list[dict[str, Any]]:
    """Returns its log."""
    environ = os.environ | settings
    command = [sys.executable, "-c", PROGRAM]
    ran = subprocess.run(command, env=environ, check=True, timeout=90, capture_output=True, text=True)
    return [json.loads(line) for line in ran.stderr.splitlines() if line.startswith("{")]


def test_a_process_sends_everything_before_it_ends() -> None:
    with collecting() as collector:
        log = run_program({"MODOMO_OTLP_ENDPOINT": collector.endpoint})
        assert {span.name for span in collector.spans} == {f"work {number}" for number in range(100)}
        assert {span.service for span in collector.spans} == {"modomo-sample"}
        (seventh,) = [span for span in collector.spans if span.name == "work 7"]
    within, outside = log
    assert (within["trace_id"], within["span_id"]) == (seventh.trace_id, seventh.span_id), "logs carry the trace"
    assert "trace_id" not in outside


def test_a_share_of_traces_is_kept() -> None:
    with collecting() as collector:
        run_program({"MODOMO_OTLP_ENDPOINT": collector.endpoint, "MODOMO_TRACE_RATIO": "0.3"})
        assert 5 < len(collector.spans) < 70


@pytest.mark.slow
def test_a_collector_that_is_away_holds_nobody_up() -> None:
    (port,) = ports.free(1)
    begun = time.monotonic()
    run_program({"MODOMO_OTLP_ENDPOINT": f"http://127.0.0.1:{port}"})
    assert time.monotonic() - begun < 60, "a pod has 30 to 60 seconds to end"


async def _messages(call: Any) -> Any:
    async for message in call:
        yield message
