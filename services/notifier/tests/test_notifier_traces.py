"""The end of a job's trace: its last event, and its webhook, both in the trace that came with the job."""

import asyncio
import dataclasses

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from notifier.app import serving
from notifier.settings import Settings
from servicekit.jobstore.redis import JobStoreSettings
from tests.fixtures.jobstore import OpenJobStore, submit_one
from tests.fixtures.webhook_receivers import Receiver, status

TRACE = "00-11111111111111111111111111111111-2222222222222222-01"


async def spans_named(exporter: InMemorySpanExporter, name: str, *, count: int) -> list[ReadableSpan]:
    """Waits for so many of them."""
    async with asyncio.timeout(60):
        while True:
            found = [span for span in exporter.get_finished_spans() if span.name == name]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.02)


async def test_every_attempt_of_a_webhook_is_in_the_job_s_trace(
    open_jobstore: OpenJobStore,
    jobstore_settings: JobStoreSettings,
    receiver: Receiver,
    recorded_spans: InMemorySpanExporter,
) -> None:
    jobstore = open_jobstore()
    receiver.replies = [status(500), status(200)]
    job_id = await submit_one(jobstore, webhook_url=receiver.url, traceparent=TRACE)
    await jobstore.jobs.cancel(job_id, message="Cancelled.")
    settings = Settings(
        **dataclasses.asdict(jobstore_settings),
        listen="127.0.0.1:0",
        drain_seconds=0.1,
        webhook_secrets=("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",),
        webhook_networks=("127.0.0.0/8", "::1/128"),
        webhook_retry_seconds=(0.01,),
    )
    async with serving(settings):
        failed, taken = await spans_named(recorded_spans, "webhook", count=2)
    for span in (failed, taken):
        assert span.parent
        assert (span.parent.trace_id, span.parent.span_id) == (int("1" * 32, 16), int("2" * 16, 16))
    assert (failed.status.description, taken.status.description) == ("500", None)


async def test_only_the_last_event_brings_the_trace(open_jobstore: OpenJobStore) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore, traceparent=TRACE)
    assert (await jobstore.jobs.get(job_id)).traceparent == TRACE
    await jobstore.jobs.cancel(job_id, message="Cancelled.")
    assert [event.traceparent for event in await jobstore.events.read(job_id)] == ["", TRACE]
