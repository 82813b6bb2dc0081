"""A service that does in every call what a test says, over our own server and channel."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

import grpc
import pytest

from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.diffusion.v1 import diffusion_service_pb2_grpc as pb_grpc
from servicekit import client, context
from servicekit.server import RunningServer, ServerOptions, running

if TYPE_CHECKING:  # the name exists in the type stubs alone
    from modomo.diffusion.v1.diffusion_service_pb2_grpc import DiffusionServiceAsyncStub as Stub

SERVICE: Final = pb.DESCRIPTOR.services_by_name["DiffusionService"].full_name


class Probe(pb_grpc.DiffusionServiceServicer):
    """Any of our services would do: this one has a unary call and a stream."""

    def __init__(self) -> None:
        self.act: Callable[[Probe], Awaitable[None]] = nothing
        """Done in every unary call, and in every step of a stream."""
        self.calls = 0
        """How often that was."""
        self.started = asyncio.Event()
        """Set with the first."""
        self.closed = asyncio.Event()
        """Set when a call has ended, in whatever way."""
        self.ids: list[tuple[str, str]] = []
        """Request id and job id, each time."""
        self.time_remaining: float | None = None
        """Of the last one's deadline."""

    async def Preview(  # noqa: N802 - the generated base is the synchronous one
        self, request: pb.PreviewRequest, call: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.PreviewResponse:
        """The unary call."""
        try:
            await self._observe(call)
        finally:
            self.closed.set()
        return pb.PreviewResponse()

    async def Transform(  # noqa: N802 - as above
        self, request: pb.TransformRequest, call: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[pb.TransformResponse]:
        """The stream, of 999 steps."""
        try:
            for step in range(1, 1000):
                yield pb.TransformResponse(progress=pb.Progress(step=step, total_steps=999))
                await self._observe(call)
        finally:
            self.closed.set()

    async def ListStyles(  # noqa: N802 - as above
        self, request: pb.ListStylesRequest, call: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListStylesResponse:
        """Not used."""
        return pb.ListStylesResponse()

    async def _observe(self, call: grpc.aio.ServicerContext[Any, Any]) -> None:
        self.calls += 1
        self.time_remaining = call.time_remaining()
        self.ids.append((context.request_id.get(), context.job_id.get()))
        self.started.set()
        await self.act(self)


async def nothing(_probe: Probe) -> None:
    """Answers at once."""


async def forever(_probe: Probe) -> None:
    """Never answers."""
    await asyncio.Event().wait()


@pytest.fixture
def probe() -> Probe:
    """The service, and what it has seen."""
    return Probe()


@pytest.fixture
async def probe_server(probe: Probe) -> AsyncIterator[RunningServer]:
    """Its server, listening."""
    options = ServerOptions(address="127.0.0.1:0", drain_seconds=0.2)
    add = pb_grpc.add_DiffusionServiceServicer_to_server
    async with running(options, [(SERVICE, lambda server: add(probe, server))]) as handle:
        yield handle


@pytest.fixture
async def probe_channel(probe_server: RunningServer) -> AsyncIterator[grpc.aio.Channel]:
    """One of our channels to it."""
    async with client.channel(f"127.0.0.1:{probe_server.port}") as channel:
        yield channel


@pytest.fixture
def probe_stub(probe_channel: grpc.aio.Channel) -> "Stub":
    """Calls it."""
    return pb_grpc.DiffusionServiceStub(probe_channel)
