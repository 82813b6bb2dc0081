"""Our servers and channels against each other, over real sockets."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.diffusion.v1 import diffusion_service_pb2_grpc as pb_grpc
from servicekit import client, context, logs
from servicekit.errors import INTERNAL_MESSAGE, InvalidArgument, Unavailable
from servicekit.server import RunningServer, ServerOptions, running
from servicekit.status import from_call

if TYPE_CHECKING:  # the name exists in the type stubs alone
    from modomo.diffusion.v1.diffusion_service_pb2_grpc import DiffusionServiceAsyncStub as Stub

SERVICE = pb.DESCRIPTOR.services_by_name["DiffusionService"].full_name

Answer = Callable[["Servicer"], Awaitable[None]]


class Servicer(pb_grpc.DiffusionServiceServicer):
    """Does before each answer what the test says, and tells what happened."""

    def __init__(self) -> None:
        self.calls = 0
        self.closed = asyncio.Event()
        self.started = asyncio.Event()
        self.ids: list[tuple[str, str]] = []
        self.time_remaining: float | None = None
        self.act: Answer = _nothing

    async def Preview(  # noqa: N802 - the generated base is the synchronous one
        self, request: pb.PreviewRequest, call: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.PreviewResponse:
        await self._observe(call)
        return pb.PreviewResponse()

    async def Transform(  # noqa: N802 - the generated base is the synchronous one
        self, request: pb.TransformRequest, call: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[pb.TransformResponse]:
        try:
            for step in range(1, 1000):
                yield pb.TransformResponse(progress=pb.Progress(step=step, total_steps=1000))
                await self._observe(call)
        finally:
            self.closed.set()

    async def ListStyles(  # noqa: N802 - the generated base is the synchronous one
        self, request: pb.ListStylesRequest, call: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListStylesResponse:
        return pb.ListStylesResponse()

    async def _observe(self, call: grpc.aio.ServicerContext[Any, Any]) -> None:
        self.calls += 1
        self.time_remaining = call.time_remaining()
        self.ids.append((context.request_id.get(), context.job_id.get()))
        self.started.set()
        try:
            await self.act(self)
        finally:
            self.closed.set()


async def _nothing(_servicer: Servicer) -> None:
    return


async def _forever(_servicer: Servicer) -> None:
    await asyncio.Event().wait()


@pytest.fixture
def servicer() -> Servicer:
    return Servicer()


@pytest.fixture
async def server(servicer: Servicer) -> AsyncIterator[RunningServer]:
    options = ServerOptions(address="127.0.0.1:0", drain_seconds=0.2)
    add = pb_grpc.add_DiffusionServiceServicer_to_server
    async with running(options, [(SERVICE, lambda server: add(servicer, server))]) as handle:
        yield handle


@pytest.fixture
async def channel(server: RunningServer) -> AsyncIterator[grpc.aio.Channel]:
    async with client.channel(f"127.0.0.1:{server.port}") as channel:
        yield channel


@pytest.fixture
def stub(channel: grpc.aio.Channel) -> "Stub":
    return pb_grpc.DiffusionServiceStub(channel)


async def _failing(stub: "Stub", **options: Any) -> Any:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Preview(pb.PreviewRequest(), **options)
    return from_call(caught.value)


async def test_service_error_arrives_whole(servicer: Servicer, stub: "Stub") -> None:
    async def refuse(_servicer: Servicer) -> None:
        raise InvalidArgument("OUT_OF_RANGE", "strength “5×” must lie in 0–1.\n100 %", field="strength")

    servicer.act = refuse
    error = await _failing(stub)
    assert (error.code, error.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "OUT_OF_RANGE")
    assert error.message == "strength “5×” must lie in 0–1.\n100 %"
    assert error.metadata == {"field": "strength"}


async def test_service_error_ends_a_stream(servicer: Servicer, stub: "Stub") -> None:
    async def refuse(_servicer: Servicer) -> None:
        raise InvalidArgument("TOO_LATE", "Not now.", field="image")

    servicer.act = refuse
    seen = []
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for message in stub.Transform(pb.TransformRequest()):
            seen.append(message.progress.step)  # noqa: PERF401 - a comprehension would lose what came before the error
    assert seen == [1]
    assert from_call(caught.value).reason == "TOO_LATE"


async def test_unexpected_exception_shows_nothing_but_is_logged(
    servicer: Servicer, stub: "Stub", capsys: pytest.CaptureFixture[str]
) -> None:
    async def break_down(_servicer: Servicer) -> None:
        raise RuntimeError("password=hunter2")

    servicer.act = break_down
    error = await _failing(stub)
    assert (error.code, error.reason, error.message) == (grpc.StatusCode.INTERNAL, "INTERNAL", INTERNAL_MESSAGE)
    assert "unexpected exception" in capsys.readouterr().out


async def test_unavailable_is_tried_again(servicer: Servicer, stub: "Stub") -> None:
    async def fail_twice(servicer: Servicer) -> None:
        if servicer.calls <= 2:
            raise Unavailable("STARTING", "Not yet.")

    servicer.act = fail_twice
    await stub.Preview(pb.PreviewRequest())
    assert servicer.calls == 3


async def test_other_errors_are_not_tried_again(servicer: Servicer, stub: "Stub") -> None:
    async def refuse(_servicer: Servicer) -> None:
        raise InvalidArgument("BAD", "Bad.", field="image")

    servicer.act = refuse
    await _failing(stub)
    assert servicer.calls == 1


async def test_server_that_is_not_there(unused_tcp_port: int) -> None:
    async with client.channel(f"127.0.0.1:{unused_tcp_port}") as channel:
        stub: Any = pb_grpc.DiffusionServiceStub(channel)
        error = await _failing(stub, timeout=5)
        assert error.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
        assert error.retryable


async def test_patient_channel_waits_for_a_server(servicer: Servicer, unused_tcp_port: int) -> None:
    add = pb_grpc.add_DiffusionServiceServicer_to_server
    options = ServerOptions(address=f"127.0.0.1:{unused_tcp_port}", drain_seconds=0.0)
    async with client.channel(f"127.0.0.1:{unused_tcp_port}", patient=True) as channel:
        stub: Any = pb_grpc.DiffusionServiceStub(channel)
        error = await _failing(stub, timeout=1.5)  # longer than all attempts of an impatient one
        assert error.code is grpc.StatusCode.DEADLINE_EXCEEDED
        calling = asyncio.ensure_future(_await(stub.Preview(pb.PreviewRequest(), timeout=30)))
        async with running(options, [(SERVICE, lambda server: add(servicer, server))]):
            await calling


async def test_deadline_reaches_the_server_and_stops_it(servicer: Servicer, stub: "Stub") -> None:
    servicer.act = _forever
    error = await _failing(stub, timeout=0.3)
    assert error.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert servicer.time_remaining is not None
    assert servicer.time_remaining <= 0.3
    await asyncio.wait_for(servicer.closed.wait(), 5)


async def test_cancelled_unary_call_stops_the_server(servicer: Servicer, stub: "Stub") -> None:
    servicer.act = _forever
    calling = asyncio.ensure_future(_await(stub.Preview(pb.PreviewRequest())))
    await asyncio.wait_for(servicer.started.wait(), 5)
    assert not servicer.closed.is_set()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await asyncio.wait_for(servicer.closed.wait(), 1)


async def test_cancelled_stream_stops_the_server(servicer: Servicer, stub: "Stub") -> None:
    """The answer's generator is closed, so that an engine behind it stops between two steps."""

    async def read() -> None:
        async for _message in stub.Transform(pb.TransformRequest()):
            await asyncio.sleep(0)  # hands over, as a reader does that works on what it got

    servicer.act = lambda _servicer: asyncio.sleep(0.01)  # a step
    reading = asyncio.create_task(read())
    await asyncio.wait_for(servicer.started.wait(), 5)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    servicer.closed.clear()
    await asyncio.wait_for(servicer.closed.wait(), 1)
    steps = servicer.calls
    await asyncio.sleep(0.1)  # time for more steps, if there were any
    assert servicer.calls <= steps + 1


async def test_reader_that_stops_reading_stops_the_server(servicer: Servicer, stub: "Stub") -> None:
    """Cancelled while the server waits for the reader, not while it works."""
    servicer.act = _nothing
    call = stub.Transform(pb.TransformRequest())
    await call.read()
    call.cancel()
    await asyncio.wait_for(servicer.closed.wait(), 1)


async def test_ids_travel(servicer: Servicer, stub: "Stub") -> None:
    with context.bound(request="request-1", job="job-1"):
        await stub.Preview(pb.PreviewRequest())
    with context.bound(request="request-2"):
        async with aclosing(_messages(stub)) as messages:
            await anext(messages)
            await anext(messages)
    assert servicer.ids[0] == ("request-1", "job-1")
    assert servicer.ids[1] == ("request-2", "")


async def test_overlong_id_from_outside_is_ignored(servicer: Servicer, server: RunningServer) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        await pb_grpc.DiffusionServiceStub(channel).Preview(
            pb.PreviewRequest(), metadata=(("x-request-id", "x" * 500), ("x-job-id", "job-1"))
        )
    assert servicer.ids == [("", "job-1")]


@pytest.mark.parametrize("odd", ["line\nbreak", "schön", "x" * 500, ""])
async def test_odd_id_of_our_own_breaks_no_call(servicer: Servicer, stub: "Stub", odd: str) -> None:
    with context.bound(request=odd, job="job-1"):
        await stub.Preview(pb.PreviewRequest())
    assert servicer.ids == [("", "job-1")]


async def test_large_messages_pass_and_larger_ones_are_refused(servicer: Servicer, stub: "Stub") -> None:
    request = pb.PreviewRequest()
    request.transform.image.data = b"x" * (20 * 1024 * 1024)
    await stub.Preview(request)
    request.transform.image.data = b"x" * (33 * 1024 * 1024)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Preview(request)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    await stub.Preview(pb.PreviewRequest())


async def test_health_follows_the_service(server: RunningServer, channel: grpc.aio.Channel) -> None:
    health: Any = health_pb2_grpc.HealthStub(channel)
    status = health_pb2.HealthCheckResponse

    async def states() -> set[int]:
        names = ("", SERVICE)
        return {(await health.Check(health_pb2.HealthCheckRequest(service=name))).status for name in names}

    assert await states() == {status.NOT_SERVING}
    await server.set_serving(True)
    assert await states() == {status.SERVING}
    await server.set_serving(False)
    assert await states() == {status.NOT_SERVING}


async def test_reflection_lists_what_is_served(server: RunningServer, channel: grpc.aio.Channel) -> None:
    reflection: Any = reflection_pb2_grpc.ServerReflectionStub(channel)  # type: ignore[arg-type]  # typed for the synchronous one
    requests = [reflection_pb2.ServerReflectionRequest(list_services="*")]
    async for answer in reflection.ServerReflectionInfo(iter(requests)):
        names = {service.name for service in answer.list_services_response.service}
        assert names == {SERVICE, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}


async def test_every_call_is_logged_with_its_outcome(
    servicer: Servicer, stub: "Stub", capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    logs.configure("test", log_format="json")
    try:
        with context.bound(job="job-9"):
            await stub.Preview(pb.PreviewRequest())
    finally:
        root.handlers[:], level = before
        root.setLevel(level)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (line,) = [line for line in lines if line["event"] == "rpc"]
    assert (line["method"], line["code"], line["job_id"]) == (f"/{SERVICE}/Preview", "OK", "job-9")


async def _await(call: Awaitable[Any]) -> Any:
    return await call


async def _messages(stub: "Stub") -> Any:
    async for message in stub.Transform(pb.TransformRequest()):
        yield message
