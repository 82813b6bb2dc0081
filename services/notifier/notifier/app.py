"""The notifier as a whole: one event log, one subscription to it, the server in front, and webhooks behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from modomo.notifier.v1 import notifier_service_pb2 as pb
from modomo.notifier.v1.notifier_service_pb2_grpc import add_NotifierServiceServicer_to_server
from notifier.servicer import NotifierServicer
from notifier.settings import Settings
from notifier.subscription import EventSubscription
from notifier.webhooks.dispatcher import Dispatcher
from notifier.webhooks.sender import Sender
from notifier.webhooks.signer import Signer
from servicekit.errors import Unavailable
from servicekit.jobstore.event_proto import event_to_proto
from servicekit.jobstore.fanout import EventFanout
from servicekit.jobstore.outbox import Outbox
from servicekit.jobstore.redis import connect
from servicekit.rpc.server import RunningServer, ServerOptions, running
from servicekit.rpc.tls import Security
from servicekit.webhooks.ssrf import AddressPolicy

SERVICE_NAME: Final = pb.DESCRIPTOR.services_by_name["NotifierService"].full_name
CALLS_BESIDE_WATCHES: Final = 100
"""Health checks must be answered also where there are as many watchers as may be."""


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[RunningServer]:
    """Answers at once, SERVING while events flow; on leaving, watchers are sent to other replicas first."""
    jobstore = connect(settings)
    subscription = EventSubscription(jobstore.events)
    fanout = EventFanout(
        subscription,
        event_to_proto,
        max_watchers=settings.max_watchers,
        backlog_limit=settings.backlog_limit,
        strict_after=True,
    )
    servicer = NotifierServicer(fanout)
    options = ServerOptions(
        address=settings.listen,
        drain_seconds=settings.drain_seconds,
        max_concurrent_rpcs=settings.max_watchers + CALLS_BESIDE_WATCHES,
        security=Security.of(settings),
        health_address=settings.health_address,
    )
    registration = (SERVICE_NAME, lambda server: add_NotifierServiceServicer_to_server(servicer, server))
    async with running(options, [registration]) as server, asyncio.TaskGroup() as group:
        listening = group.create_task(subscription.run(server.set_serving), name="subscription")
        delivering = group.create_task(_deliver(settings, jobstore.outbox), name="webhooks")
        try:
            yield server
        finally:
            listening.cancel()
            delivering.cancel()
            await server.set_serving(False)
            fanout.stop(Unavailable("NOTIFIER_STOPPING", "This server is stopping. Watch again."))
    for role in (jobstore.events, jobstore.outbox):
        await role.close()


async def _deliver(settings: Settings, outbox: Outbox) -> None:
    """Delivers webhooks until it is cancelled; at once done where there are none."""
    if not settings.webhook_secrets:
        return
    dispatcher = Dispatcher(
        outbox,
        Sender(AddressPolicy(settings.webhook_networks), timeout_seconds=settings.webhook_timeout_seconds),
        Signer(settings.webhook_secrets),
        retry_seconds=settings.webhook_retry_seconds,
        timeout_seconds=settings.webhook_timeout_seconds,
        parallel=settings.webhook_parallel,
        per_receiver=settings.webhook_per_receiver,
    )
    await dispatcher.run(drain_seconds=settings.drain_seconds)
