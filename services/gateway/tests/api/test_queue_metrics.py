"""What the gateway counts: accepted jobs, the queue, endings, and how long events take to their followers."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from gateway.api import queue_metrics
from gateway.api.event_latency import DeliveryLatency
from gateway.api.queue_metrics import QueueGauges
from servicekit.jobstore import Event, JobStatus
from tests.fixtures.gateway import Gateway, StartGateway, photo


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_accepted_jobs_are_counted_once(gateway: Gateway) -> None:
    before = value("modomo_jobs_accepted_total", priority="interactive")
    for _ in range(2):
        answer = await gateway.http.post(
            "/transform/submit",
            files={"file": ("room.jpg", photo())},
            data={"style": "modern"},
            headers={"Idempotency-Key": "once"},
        )
        assert answer.status_code == 202
    assert value("modomo_jobs_accepted_total", priority="interactive") == before + 1


async def test_endings_are_shown_whoever_caused_them(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    await gateway.http.delete(f"/transform/{job_id}")
    await gateway.submit(photo())
    await gateway.complete(await gateway.jobstore.queue.claim())
    page = (await gateway.http.get("/metrics")).text
    assert 'modomo_jobs_ended_total{reason="",status="cancelled"} 1.0' in page
    assert 'modomo_jobs_ended_total{reason="",status="completed"} 1.0' in page


async def test_the_queue_is_looked_at_though_nobody_asks(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_metrics, "READ_SECONDS", 0.01)
    reading = asyncio.create_task(QueueGauges(gateway.jobstore.jobs).run())
    try:
        for number in (1.0, 2.0):
            await gateway.submit(photo())
            async with asyncio.timeout(30):
                while value("modomo_queue_waiting") != number:  # noqa: ASYNC110 - as Prometheus would see it
                    await asyncio.sleep(0.01)
    finally:
        reading.cancel()


async def test_dependencies_are_shown(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(detection_address="127.0.0.1:1")
    await gateway.http.get("/health/ready")
    page = (await gateway.http.get("/metrics")).text
    assert 'modomo_dependency_up{dependency="detection"} 0.0' in page
    assert 'modomo_dependency_up{dependency="redis"} 1.0' in page


def test_only_events_that_are_new_to_a_watcher_are_timed() -> None:
    count, seconds = (f"modomo_event_delivery_seconds_{part}" for part in ("count", "sum"))
    before = value(count, transport="sse"), value(seconds, transport="sse")
    latency = DeliveryLatency("sse")
    for minutes in (-1, 0, 1):  # the last one by a clock that is ahead
        written = datetime.now(UTC) + timedelta(minutes=minutes)
        latency.observe(Event(job_id="1", seq=1, status=JobStatus.QUEUED, progress=0, message="", timestamp=written))
    assert value(count, transport="sse") == before[0] + 2
    assert value(seconds, transport="sse") < before[1] + 30
