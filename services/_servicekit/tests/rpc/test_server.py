"""Our servers and channels against each other: errors, ids, limits, health, reflection, logs."""

import json
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.diffusion.v1 import diffusion_service_pb2_grpc as pb_grpc
from servicekit.errors import INTERNAL_MESSAGE, InvalidArgument
from servicekit.observability import logs
from servicekit.rpc import context
from servicekit.rpc.server import RunningServer
from servicekit.rpc.status import from_call
from tests.fixtures.probe_service import SERVICE, Probe, failure_of

if TYPE_CHECKING:  # the name exists in the type stubs alone
    from modomo.diffusion.v1.diffusion_service_pb2_grpc import DiffusionServiceAsyncStub as Stub


async def test_service_error_arrives_whole(probe: Probe, probe_stub: "Stub") -> None:
    async def refuse(_probe: Probe) -> None:
        raise InvalidArgument("OUT_OF_RANGE", "strength “5×” must lie in 0–1.\n100 %", field="strength")

    probe.act = refuse
    error = await failure_of(probe_stub)
    assert (error.code, error.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "OUT_OF_RANGE")
    assert error.message == "strength “5×” must lie in 0–1.\n100 %"
    assert error.metadata == {"field": "strength"}


async def test_service_error_ends_a_stream(probe: Probe, probe_stub: "Stub") -> None:
    async def refuse(_probe: Probe) -> None:
        raise InvalidArgument("TOO_LATE", "Not now.", field="image")

    probe.act = refuse
    seen = []
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for message in probe_stub.Transform(pb.TransformRequest()):
            seen.append(message.progress.step)  # noqa: PERF401 - a comprehension would lose what came before the error
    assert seen == [1]
    assert from_call(caught.value).reason == "TOO_LATE"


async def test_unexpected_exception_showsnothing_but_is_logged(
    probe: Probe, probe_stub: "Stub", capsys: pytest.CaptureFixture[str]
) -> None:
    async def break_down(_probe: Probe) -> None:
        raise RuntimeError("password=hunter2")

    probe.act = break_down
    error = await failure_of(probe_stub)
    assert (error.code, error.reason, error.message) == (grpc.StatusCode.INTERNAL, "INTERNAL", INTERNAL_MESSAGE)
    assert "unexpected exception" in capsys.readouterr().out


async def test_ids_travel(probe: Probe, probe_stub: "Stub") -> None:
    with context.bound(request="request-1", job="job-1"):
        await probe_stub.Preview(pb.PreviewRequest())
    with context.bound(request="request-2"):
        async with aclosing(_messages(probe_stub)) as messages:
            await anext(messages)
            await anext(messages)
    assert probe.ids[0] == ("request-1", "job-1")
    assert probe.ids[1] == ("request-2", "")


async def test_overlong_id_from_outside_is_ignored(probe: Probe, probe_server: RunningServer) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{probe_server.port}") as channel:
        await pb_grpc.DiffusionServiceStub(channel).Preview(
            pb.PreviewRequest(), metadata=(("x-request-id", "x" * 500), ("x-job-id", "job-1"))
        )
    assert probe.ids == [("", "job-1")]


@pytest.mark.parametrize("odd", ["line\nbreak", "schön", "x" * 500, ""])
async def test_odd_id_of_our_own_breaks_no_call(probe: Probe, probe_stub: "Stub", odd: str) -> None:
    with context.bound(request=odd, job="job-1"):
        await probe_stub.Preview(pb.PreviewRequest())
    assert probe.ids == [("", "job-1")]


async def test_large_messages_pass_and_larger_ones_are_refused(probe: Probe, probe_stub: "Stub") -> None:
    request = pb.PreviewRequest()
    request.transform.image.data = b"x" * (20 * 1024 * 1024)
    await probe_stub.Preview(request)
    request.transform.image.data = b"x" * (33 * 1024 * 1024)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await probe_stub.Preview(request)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    error = from_call(caught.value)
    assert (error.reason, error.message) == ("MESSAGE_TOO_LARGE", "The message has more than 32 MB.")
    assert not error.retryable
    await probe_stub.Preview(pb.PreviewRequest())


async def test_health_follows_the_service(probe_server: RunningServer, probe_channel: grpc.aio.Channel) -> None:
    health: Any = health_pb2_grpc.HealthStub(probe_channel)
    status = health_pb2.HealthCheckResponse

    async def states() -> set[int]:
        names = ("", SERVICE)
        return {(await health.Check(health_pb2.HealthCheckRequest(service=name))).status for name in names}

    assert await states() == {status.NOT_SERVING}
    await probe_server.set_serving(True)
    assert await states() == {status.SERVING}
    await probe_server.set_serving(False)
    assert await states() == {status.NOT_SERVING}


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_lists_what_is_served(
    probe_server: RunningServer, probe_channel: grpc.aio.Channel, version: str
) -> None:
    own = f"grpc.reflection.{version}.ServerReflection"
    reflect: Any = probe_channel.stream_stream(
        f"/{own}/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    requests = [
        reflection_pb2.ServerReflectionRequest(list_services="*"),
        *(reflection_pb2.ServerReflectionRequest(file_containing_symbol=symbol) for symbol in (SERVICE, own)),
    ]
    listed, *files = [answer async for answer in reflect(iter(requests))]
    assert {service.name for service in listed.list_services_response.service} == {
        *(SERVICE, "grpc.health.v1.Health"),
        *("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"),
    }
    assert [bool(file.file_descriptor_response.file_descriptor_proto) for file in files] == [True, True]


async def test_every_call_is_logged_with_its_outcome(
    probe: Probe, probe_stub: "Stub", capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("test", log_format="json")
    with context.bound(job="job-9"):
        await probe_stub.Preview(pb.PreviewRequest())
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (line,) = [line for line in lines if line["event"] == "rpc"]
    assert (line["method"], line["code"], line["job_id"]) == (f"/{SERVICE}/Preview", "OK", "job-9")


async def _messages(stub: "Stub") -> Any:
    async for message in stub.Transform(pb.TransformRequest()):
        yield message
