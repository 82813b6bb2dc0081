"""The notifier as a whole: one event log, the watches on it, and the server in front."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from modomo.notifier.v1 import notifier_service_pb2 as pb
from modomo.notifier.v1.notifier_service_pb2_grpc import add_NotifierServiceServicer_to_server
from notifier import convert
from notifier.servicer import NotifierServicer
from notifier.settings import Settings
from notifier.watch import Watches
from servicekit.joblog.redis import connect
from servicekit.server import RunningServer, ServerOptions, running

SERVICE_NAME: Final = pb.DESCRIPTOR.services_by_name["NotifierService"].full_name
CALLS_BESIDE_WATCHES: Final = 100
"""Health checks must be answered also where there are as many watchers as may be."""


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[RunningServer]:
    """Answers at once, SERVING while events flow; on leaving, watchers are sent to other replicas first."""
    events = connect(settings).events
    watches = Watches(
        events, convert.response, max_watchers=settings.max_watchers, backlog_limit=settings.backlog_limit
    )
    servicer = NotifierServicer(watches)
    options = ServerOptions(
        address=settings.listen,
        drain_seconds=settings.drain_seconds,
        max_concurrent_rpcs=settings.max_watchers + CALLS_BESIDE_WATCHES,
    )
    registration = (SERVICE_NAME, lambda server: add_NotifierServiceServicer_to_server(servicer, server))
    async with running(options, [registration]) as server, asyncio.TaskGroup() as group:
        following = group.create_task(watches.follow(server.set_serving), name="following")
        try:
            yield server
        finally:
            following.cancel()
            await server.set_serving(False)
            watches.stop()
    await events.close()
