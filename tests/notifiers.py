"""A notifier for tests, and watches of its streams, over real gRPC sockets."""

import dataclasses
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc

from modomo.notifier.v1 import notifier_service_pb2 as pb
from modomo.notifier.v1.notifier_service_pb2_grpc import NotifierServiceStub
from modomo.type.v1 import job_pb2
from notifier.app import serving
from notifier.settings import Settings
from servicekit.joblog.redis import JobLogSettings


@asynccontextmanager
async def notifier(joblog: JobLogSettings, **changes: Any) -> AsyncIterator[grpc.aio.Channel]:
    """A notifier of one's own, and a connection to it."""
    values = dataclasses.asdict(joblog) | {"listen": "127.0.0.1:0", "drain_seconds": 1.0} | changes
    async with (
        serving(Settings(**values)) as server,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
    ):
        yield channel


async def watching(channel: grpc.aio.Channel, job_id: str, after: int = 0) -> AsyncGenerator[job_pb2.JobEvent, None]:
    """A watch; close it to leave early."""
    call = NotifierServiceStub(channel).Watch(pb.WatchRequest(job_id=job_id, after_seq=after))
    try:
        async for response in call:
            yield response.event
    finally:
        call.cancel()
