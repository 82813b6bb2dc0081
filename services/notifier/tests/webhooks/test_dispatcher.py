"""Webhooks from the ending of a job to the receiver's answer: real Valkey, real servers, real signatures."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from redis.asyncio import Redis
from standardwebhooks.webhooks import Webhook

from notifier.app import serving
from notifier.settings import Settings
from servicekit.errors import InvalidArgument
from servicekit.jobstore.redis import JobStoreClients, JobStoreSettings
from servicekit.jobstore.redis.connection import Keys
from servicekit.webhooks import tenant_secret
from tests.fixtures.jobstore import OpenJobStore, new_job, submit_one
from tests.fixtures.webhook_receivers import Receiver, endless, garbage, nothing, receiving, status

SECRETS = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "B" * 40)
SOON = (0.01, 0.01, 0.01)
TRACE = "00-11111111111111111111111111111111-2222222222222222-01"


@asynccontextmanager
async def _notifier(settings: JobStoreSettings, **changes: Any) -> AsyncIterator[None]:
    values: dict[str, Any] = {
        "listen": "127.0.0.1:0",
        "drain_seconds": 0.1,
        "webhook_secrets": SECRETS,
        "webhook_networks": ("127.0.0.0/8", "::1/128"),
        "webhook_retry_seconds": SOON,
        "webhook_timeout_seconds": 20.0,
    }
    async with serving(Settings(**dataclasses.asdict(settings), **(values | changes))):
        yield


@pytest.fixture
def jobstore(open_jobstore: OpenJobStore) -> JobStoreClients:
    return open_jobstore()


async def _end(jobstore: JobStoreClients, url: str) -> str:
    job = new_job(webhook_url=url)
    await jobstore.jobs.submit(job, queue_limit=1000)
    await jobstore.jobs.cancel(job.job_id, message="Cancelled.")
    return job.job_id


async def _settled(jobstore: JobStoreClients) -> None:
    """Once nothing is to be delivered."""
    async with asyncio.timeout(60):
        while (await jobstore.outbox.state()).pending:  # noqa: ASYNC110 - the notifier writes it down and tells nobody
            await asyncio.sleep(0.02)


async def _lost(settings: JobStoreSettings) -> list[dict[str, str]]:
    client: Any = Redis.from_url(settings.redis_url, decode_responses=True)
    try:
        return [fields for _id, fields in await client.xrange(Keys(settings.joblog_namespace).dead_deliveries)]
    finally:
        await client.aclose()


async def test_the_receiver_is_told_and_can_verify_who_tells_it(
    jobstore: JobStoreClients, jobstore_settings: JobStoreSettings, receiver: Receiver
) -> None:
    job_id = await _end(jobstore, receiver.url)
    async with _notifier(jobstore_settings):
        (request,) = await receiver.heard()
        await _settled(jobstore)
    assert request.path == "/hooks?key=1"
    assert request.headers["host"] == f"localhost:{receiver.port}"
    assert request.headers["webhook-id"] == f"msg_{job_id}"
    for secret in SECRETS:
        said = Webhook(tenant_secret(secret, "")).verify(request.body, request.headers)
    assert said["type"] == "transform.cancelled"
    assert (said["data"]["job_id"], said["data"]["status"], said["data"]["error"]) == (job_id, "cancelled", None)
    with pytest.raises(Exception, match="No matching signature"):
        Webhook("whsec_" + "C" * 40).verify(request.body, request.headers)
    assert await _lost(jobstore_settings) == []


async def test_a_failure_is_told_with_its_reason(
    jobstore: JobStoreClients, jobstore_settings: JobStoreSettings, receiver: Receiver
) -> None:
    await jobstore.jobs.submit(new_job(webhook_url=receiver.url, wait_seconds=0.05), queue_limit=10)
    async with _notifier(jobstore_settings):
        (request,) = await receiver.heard()
    said = json.loads(request.body)
    assert said["type"] == "transform.failed"
    assert (said["data"]["error"]["code"], said["data"]["error"]["retryable"]) == ("WAITED_TOO_LONG", True)


@pytest.mark.parametrize(
    "reply",
    [
        status(500),
        status(404),
        status(429),
        status(302, headers="Location: https://other.example/\r\n"),
        nothing,
        garbage,
    ],
)
async def test_a_failed_attempt_is_repeated_as_the_same_message(
    jobstore: JobStoreClients, jobstore_settings: JobStoreSettings, receiver: Receiver, reply: Any
) -> None:
    receiver.replies = [reply, reply, status(201)]
    await _end(jobstore, receiver.url)
    async with _notifier(jobstore_settings):
        requests = await receiver.heard(3)
        await _settled(jobstore)
    assert len(requests) == 3
    assert len({request.headers["webhook-id"] for request in requests}) == 1
    assert len({request.body for request in requests}) == 1
    assert await _lost(jobstore_settings) == []


async def test_a_receiver_that_never_takes_it_is_given_up_and_told_to_operators(
    jobstore: JobStoreClients, jobstore_settings: JobStoreSettings, receiver: Receiver
) -> None:
    receiver.replies = [status(503)]
    job_id = await _end(jobstore, receiver.url)
    async with _notifier(jobstore_settings):
        await _settled(jobstore)
    assert len(receiver.received) == 1 + len(SOON)
    (lost,) = await _lost(jobstore_settings)
    assert (lost["job"], lost["reason"], lost["attempts"]) == (job_id, "503", "4")
    assert lost["receiver"] == "localhost", "no path and no query: those are the receiver's"


async def test_a_slow_receiver_is_not_waited_for(
    jobstore: JobStoreClients, jobstore_settings: JobStoreSettings, receiver: Receiver
) -> None:
    receiver.replies = [status(200, after=60), status(200)]
    await _end(jobstore, receiver.url)
    async with _notifier(jobstore_settings, webhook_timeout_seconds=0.3):
        await receiver.heard(2)
        await _settled(jobstore)


async def test_an_answer_that_never_ends_is_cut_off(
    jobstore: JobStoreClients, jobstore_settings: JobStoreSettings, receiver: Receiver
) -> None:
    receiver.replies = [endless]
    await _end(jobstore, receiver.url)
    async with _notifier(jobstore_settings):
        await _settled(jobstore)
    assert len(receiver.received) == 1, "it was taken"


async def test_retry_after_is_heeded(
    jobstore: JobStoreClients, jobstore_settings: JobStoreSettings, receiver: Receiver
) -> None:
    receiver.replies = [status(503, headers="Retry-After: 1\r\n"), status(200)]
    await _end(jobstore, receiver.url)
    async with _notifier(jobstore_settings):
        first, second = await receiver.heard(2)
    assert second.at - first.at > 0.9


async def test_gone_disables_the_endpoint_for_every_job(
    jobstore: JobStoreClients, jobstore_settings: JobStoreSettings, receiver: Receiver
) -> None:
    receiver.replies = [status(410)]
    await _end(jobstore, receiver.url)
    async with _notifier(jobstore_settings):
        await _settled(jobstore)
        assert len(receiver.received) == 1
        with pytest.raises(InvalidArgument) as caught:
            await _end(jobstore, receiver.url)
        assert caught.value.reason == "WEBHOOK_GONE"
    assert [lost["reason"] for lost in await _lost(jobstore_settings)] == ["410"]


async def test_what_was_accepted_before_an_endpoint_went_is_not_sent(
    jobstore: JobStoreClients, jobstore_settings: JobStoreSettings, receiver: Receiver
) -> None:
    await _end(jobstore, receiver.url)
    await jobstore.outbox.close_endpoint("", receiver.url, seconds=60)
    async with _notifier(jobstore_settings):
        await _settled(jobstore)
    assert receiver.received == []
    assert [lost["reason"] for lost in await _lost(jobstore_settings)] == ["ENDPOINT_GONE"]


@pytest.mark.slow
async def test_one_receiver_gets_only_a_few_at_a_time_and_holds_up_nobody_else(
    jobstore: JobStoreClients, jobstore_settings: JobStoreSettings, receiver: Receiver, tls_receiver: Receiver
) -> None:
    receiver.replies = [status(200, after=0.2)]
    for _ in range(6):
        await _end(jobstore, receiver.url)
    other = await _end(jobstore, tls_receiver.url.replace("localhost", "127.0.0.1"))
    async with _notifier(jobstore_settings, webhook_parallel=4, webhook_per_receiver=2, webhook_retry_seconds=()):
        await receiver.heard(6)
        await _settled(jobstore)
    assert receiver.most_at_once <= 2
    assert [lost["job"] for lost in await _lost(jobstore_settings)] == [other], "nobody vouches for its certificate"


@pytest.mark.slow
async def test_a_crowd_at_one_receiver_that_hangs_holds_up_nobody_else(
    jobstore: JobStoreClients, jobstore_settings: JobStoreSettings, receiver: Receiver
) -> None:
    receiver.replies = [status(200, after=60)]
    for _ in range(200):
        await _end(jobstore, receiver.url)
    async with receiving() as other:
        job_id = await _end(jobstore, other.url.replace("localhost", "127.0.0.1"))
        async with _notifier(jobstore_settings, webhook_parallel=8, webhook_per_receiver=2):
            (request,) = await other.heard()
    assert request.headers["webhook-id"] == f"msg_{job_id}"
    assert receiver.most_at_once <= 2


async def test_nothing_is_delivered_without_a_secret(
    jobstore: JobStoreClients, jobstore_settings: JobStoreSettings, receiver: Receiver
) -> None:
    await _end(jobstore, receiver.url)
    async with _notifier(jobstore_settings, webhook_secrets=()), _notifier(jobstore_settings):
        await receiver.heard()
        await _settled(jobstore)
    assert len(receiver.received) == 1


async def test_two_notifiers_share_the_work(
    jobstore: JobStoreClients, jobstore_settings: JobStoreSettings, receiver: Receiver
) -> None:
    ids = [await _end(jobstore, receiver.url) for _ in range(12)]
    async with _notifier(jobstore_settings), _notifier(jobstore_settings):
        await receiver.heard(12)
        await _settled(jobstore)
    assert sorted(request.headers["webhook-id"] for request in receiver.received) == sorted(f"msg_{one}" for one in ids)


async def _spans_named(exporter: InMemorySpanExporter, name: str, *, count: int) -> list[ReadableSpan]:
    """Waits for so many of them."""
    async with asyncio.timeout(60):
        while True:
            found = [span for span in exporter.get_finished_spans() if span.name == name]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.02)


async def test_every_attempt_of_a_webhook_is_in_the_job_s_trace(
    jobstore: JobStoreClients,
    jobstore_settings: JobStoreSettings,
    receiver: Receiver,
    recorded_spans: InMemorySpanExporter,
) -> None:
    receiver.replies = [status(500), status(200)]
    job_id = await submit_one(jobstore, webhook_url=receiver.url, traceparent=TRACE)
    await jobstore.jobs.cancel(job_id, message="Cancelled.")
    async with _notifier(jobstore_settings):
        failed, taken = await _spans_named(recorded_spans, "webhook", count=2)
    for span in (failed, taken):
        assert span.parent
        assert (span.parent.trace_id, span.parent.span_id) == (int("1" * 32, 16), int("2" * 16, 16))
    assert (failed.status.description, taken.status.description) == ("500", None)
