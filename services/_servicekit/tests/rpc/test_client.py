"""How a call ends early: retried, out of time, cancelled, or without a server."""

import asyncio
import signal
import sys
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.diffusion.v1 import diffusion_service_pb2_grpc as pb_grpc
from servicekit.errors import InvalidArgument, Unavailable
from servicekit.rpc import client
from servicekit.rpc.server import ServerOptions, running
from tests.fixtures.probe_service import SERVICE, Probe, failure_of, forever, nothing

if TYPE_CHECKING:  # the name exists in the type stubs alone
    from modomo.diffusion.v1.diffusion_service_pb2_grpc import DiffusionServiceAsyncStub as Stub


async def test_unavailable_is_tried_again(probe: Probe, probe_stub: "Stub") -> None:
    async def fail_twice(probe: Probe) -> None:
        if probe.calls <= 2:
            raise Unavailable("STARTING", "Not yet.")

    probe.act = fail_twice
    await probe_stub.Preview(pb.PreviewRequest())
    assert probe.calls == 3


async def test_other_errors_are_not_tried_again(probe: Probe, probe_stub: "Stub") -> None:
    async def refuse(_probe: Probe) -> None:
        raise InvalidArgument("BAD", "Bad.", field="image")

    probe.act = refuse
    await failure_of(probe_stub)
    assert probe.calls == 1


async def test_server_that_is_not_there(unused_tcp_port: int) -> None:
    async with client.channel(f"127.0.0.1:{unused_tcp_port}") as channel:
        stub: Any = pb_grpc.DiffusionServiceStub(channel)
        error = await failure_of(stub, timeout=5)
        assert error.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
        assert error.retryable


CALLER = """
import asyncio, sys
from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.diffusion.v1.diffusion_service_pb2_grpc import DiffusionServiceStub
from servicekit.rpc import client

async def call():
    async with client.channel(sys.argv[1]) as channel:
        await DiffusionServiceStub(channel).Preview(pb.PreviewRequest())

asyncio.run(call())
"""


@pytest.mark.slow
async def test_a_frozen_caller_does_not_keep_the_server_busy(probe: Probe) -> None:
    probe.act = forever
    add = pb_grpc.add_DiffusionServiceServicer_to_server
    options = ServerOptions(address="127.0.0.1:0", drain_seconds=0.0, keepalive_seconds=1.0)
    async with running(options, [(SERVICE, lambda server: add(probe, server))]) as server:
        caller = await asyncio.create_subprocess_exec(sys.executable, "-c", CALLER, f"127.0.0.1:{server.port}")
        try:
            await asyncio.wait_for(probe.started.wait(), 30)
            caller.send_signal(signal.SIGSTOP)
            await asyncio.wait_for(probe.closed.wait(), 30)
        finally:
            caller.kill()
            await caller.wait()


async def test_deadline_reaches_the_server_and_stops_it(probe: Probe, probe_stub: "Stub") -> None:
    probe.act = forever
    error = await failure_of(probe_stub, timeout=0.3)
    assert error.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert probe.time_remaining is not None
    assert probe.time_remaining < 1  # gRPC rounds a deadline up to its clock's ticks
    await asyncio.wait_for(probe.closed.wait(), 5)


async def test_cancelled_unary_call_stops_the_server(probe: Probe, probe_stub: "Stub") -> None:
    probe.act = forever
    calling = asyncio.ensure_future(_await(probe_stub.Preview(pb.PreviewRequest())))
    await asyncio.wait_for(probe.started.wait(), 5)
    assert not probe.closed.is_set()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await asyncio.wait_for(probe.closed.wait(), 1)


async def test_cancelled_stream_stops_the_server(probe: Probe, probe_stub: "Stub") -> None:
    """The answer's generator is closed, so that an engine behind it stops between two steps."""

    async def read() -> None:
        call = probe_stub.Transform(pb.TransformRequest())
        try:
            async for _message in call:
                await asyncio.sleep(0)  # hands over, as a reader does that works on what it got
        finally:
            call.cancel()  # a call that is merely dropped goes on until it is collected

    probe.act = lambda _probe: asyncio.sleep(0.01)  # a step
    reading = asyncio.create_task(read())
    await asyncio.wait_for(probe.started.wait(), 5)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await asyncio.wait_for(probe.closed.wait(), 1)
    steps = probe.calls
    await asyncio.sleep(0.05)  # time for more steps, if there were any
    assert probe.calls == steps < 999


async def test_reader_that_stops_reading_stops_the_server(probe: Probe, probe_stub: "Stub") -> None:
    """Cancelled while the server waits for the reader, not while it works."""
    probe.act = nothing
    call = probe_stub.Transform(pb.TransformRequest())
    await call.read()
    call.cancel()
    await asyncio.wait_for(probe.closed.wait(), 1)


async def _await(call: Awaitable[Any]) -> Any:
    return await call
