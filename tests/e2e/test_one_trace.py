"""One trace from the request to the last event, through six real processes, collected as an operator would."""

import asyncio
import io
import json
import secrets
from collections.abc import Sequence

import pytest
from PIL import Image

from deploy.local.stack import Stack
from tests.e2e.app import App
from tests.fixtures.otlp_collector import Collector, Span
from tests.fixtures.sample_room import sample_room

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

EVERYBODY = {
    "modomo-gateway",
    "modomo-gateway-worker",
    "modomo-gateway-firstlook",
    "modomo-detection",
    "modomo-controlmaps",
    "modomo-diffusion",
    "modomo-notifier",
}
CALLERS = {"modomo-gateway-worker", "modomo-gateway-firstlook"}
STAGES = {"load", "analyze", "detect", "preview", "transform", "assess", "store"}
CALLS = {
    "modomo.detection.v1.DetectionService/Detect",
    "modomo.controlmaps.v1.ControlMapsService/Analyze",
    "modomo.controlmaps.v1.ControlMapsService/Assess",
    "modomo.diffusion.v1.DiffusionService/Transform",
    "modomo.diffusion.v1.DiffusionService/Preview",
}


def of_job(spans: Sequence[Span], job_id: str) -> list[Span]:
    """The trace of a job."""
    traces = {span.trace_id for span in spans if span.attributes.get("modomo.job_id") == job_id}
    return [span for span in spans if span.trace_id in traces]


def own_room() -> bytes:
    """The sample room with a corner of a colour of its own: nothing is known of it yet."""
    with Image.open(io.BytesIO(sample_room())) as picture:
        picture.paste(f"#{secrets.token_hex(3)}", (0, 0, 8, 8))
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=92)
        return buffer.getvalue()


async def test_a_job_is_one_trace_from_the_request_to_the_last_event(stack: Stack, collector: Collector) -> None:
    async with App(stack.layout.url) as app:
        job = await app.submit(own_room())
        await app.events(job["websocket_url"])
    job_id = job["job_id"]

    def whole(spans: Sequence[Span]) -> bool:
        mine = of_job(spans, job_id)
        names, known = {span.name for span in mine}, {"", *(span.span_id for span in mine)}
        ended = {"job", "first look", "tell completed", "announce completed"} <= names
        # each process sends its spans once a second: one may come before the span that it hangs on
        return {span.service for span in mine} == EVERYBODY and ended and all(one.parent_id in known for one in mine)

    spans = of_job(await asyncio.to_thread(collector.until, whole), job_id)
    assert len({span.trace_id for span in spans}) == 1
    (first,) = [span for span in spans if not span.parent_id]
    assert (first.service, first.name) == ("modomo-gateway", "POST /transform/submit")
    assert first.attributes["http.response.status_code"] == 202
    names = {span.name for span in spans}
    assert STAGES | CALLS | {"queue", "detection device", "controlmaps device", "diffusion device"} <= names
    for call in CALLS:
        made = {span.span_id for span in spans if span.name == call and span.service in CALLERS}
        answered = {span.parent_id for span in spans if span.name == call and span.service not in CALLERS}
        assert made == answered, call
    assert not [span for span in spans if span.error]


async def test_logs_of_every_process_carry_the_trace(stack: Stack, collector: Collector) -> None:
    async with App(stack.layout.url) as app:
        job = await app.submit(own_room())
        await app.events(job["websocket_url"])
    job_id = job["job_id"]
    spans = await asyncio.to_thread(collector.until, lambda spans: bool(of_job(spans, job_id)))
    trace_id = of_job(spans, job_id)[0].trace_id
    for name in ("gateway", "worker-1", "firstlook", "detection", "controlmaps", "diffusion"):
        entries = [json.loads(line) for line in stack.layout.log(name).read_text().splitlines()]
        mine = [entry for entry in entries if entry.get("trace_id") == trace_id]
        assert mine, name
        assert {entry["job_id"] for entry in mine if "job_id" in entry} == {job_id}, name


async def test_a_stranger_s_trace_is_not_ours(stack: Stack, collector: Collector) -> None:
    theirs = "a" * 32
    async with App(stack.layout.url) as app:
        await app.http.get("/styles", headers={"traceparent": f"00-{theirs}-{'b' * 16}-01"})

    def linked(spans: Sequence[Span]) -> bool:
        return any(theirs in span.links for span in spans)

    spans = await asyncio.to_thread(collector.until, linked)
    assert not [span for span in spans if span.trace_id == theirs]
    (styles,) = [span for span in spans if theirs in span.links]
    assert (styles.name, styles.attributes["http.route"]) == ("GET /styles", "/styles")


async def test_probes_are_not_traced(stack: Stack, collector: Collector) -> None:
    async with App(stack.layout.url) as app:
        await app.http.get("/health/ready")
        await app.http.get("/nowhere")
    spans = await asyncio.to_thread(collector.until, lambda spans: any(one.name == "GET unmatched" for one in spans))
    assert not [span.name for span in spans if "health" in span.name.lower()]
