"""The clients of the model services: values out of messages, and errors out of broken calls."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import grpc
import pytest

from gateway.clients.controlmaps import ControlMapsClient
from gateway.clients.detection import DetectionClient
from gateway.clients.diffusion import DiffusionClient, Restyled, Restyling, StepDone
from servicekit.errors import Exhausted, ServiceError
from servicekit.rpc import client, context
from servicekit.types.control_maps import MapKind
from servicekit.types.rooms import RoomType
from tests.fixtures.model_services import ModelServices
from tests.fixtures.worker import WIDTH, make_photo


@pytest.fixture
async def channels(model_services: ModelServices) -> AsyncIterator[dict[str, grpc.aio.Channel]]:
    opened = {name: client.channel(address) for name, address in model_services.addresses.items()}
    yield opened
    for channel in opened.values():
        await channel.close()


async def test_values(channels: dict[str, grpc.aio.Channel]) -> None:
    detections = await DetectionClient(channels["detection"]).detect(make_photo(), masks=True, seconds=5)
    assert detections.objects[0].id == "sofa-1"
    assert detections.objects[0].box[2] == WIDTH / 2
    assert detections.masks["sofa-1"].startswith(b"\x89PNG")
    assert (detections.engine.name, detections.engine.models[0].revision) == ("test", "test")
    maps = ControlMapsClient(channels["controlmaps"])
    room = await maps.analyze(make_photo(), seconds=5)
    assert room.rooms == {RoomType.BEDROOM: 0.75, RoomType.KITCHEN: 0.25}
    assert room.room_type is RoomType.BEDROOM
    assert set(room.maps) == {MapKind.DEPTH, MapKind.SEGMENTATION}
    assert (await maps.analyze(make_photo(), rooms_only=True, seconds=5)).maps == {}
    quality = await maps.assess(make_photo(), make_photo(), kept=b"", palette=(), maps={}, seconds=5)
    assert quality.overall == pytest.approx(0.9)
    diffusion = DiffusionClient(channels["diffusion"])
    assert "boho" in {style.name for style in (await diffusion.catalogue(seconds=5)).styles}
    assert (await diffusion.preview(Restyling(photo=make_photo(), style="boho"), seconds=5)).startswith(b"\xff\xd8")


@pytest.mark.parametrize("rooms_only", [False, True])
async def test_a_service_of_the_release_before_is_asked_in_two_calls(
    model_services: ModelServices, channels: dict[str, grpc.aio.Channel], rooms_only: bool
) -> None:
    maps = ControlMapsClient(channels["controlmaps"])
    usual = await maps.analyze(make_photo(), rooms_only=rooms_only, seconds=5)
    model_services.errors["Analyze"] = [ServiceError("UNKNOWN", "Not known.", code=grpc.StatusCode.UNIMPLEMENTED)]
    assert await maps.analyze(make_photo(), rooms_only=rooms_only, seconds=5) == usual
    assert [model_services.count(rpc) for rpc in ("Classify", "Generate")] == [1, 0 if rooms_only else 1]


async def test_absent_is_not_zero(model_services: ModelServices, channels: dict[str, grpc.aio.Channel]) -> None:
    diffusion = DiffusionClient(channels["diffusion"])
    await diffusion.preview(Restyling(photo=make_photo(), style="boho"), seconds=5)
    await diffusion.preview(Restyling(photo=make_photo(), style="boho", strength=0.0, seed=0), seconds=5)
    absent, zero = (request.transform for request in model_services.requests["Preview"])
    assert not (absent.HasField("strength") or absent.HasField("seed") or absent.HasField("keep"))
    assert zero.HasField("strength")
    assert zero.HasField("seed")


async def test_service_error_keeps_its_reason(
    model_services: ModelServices, channels: dict[str, grpc.aio.Channel]
) -> None:
    model_services.errors["Detect"] = [Exhausted("OUT_OF_MEMORY", "Too large.", retry_after_seconds=3)]
    with pytest.raises(ServiceError) as caught:
        await DetectionClient(channels["detection"]).detect(make_photo(), masks=False, seconds=5)
    assert (caught.value.reason, caught.value.retryable) == ("OUT_OF_MEMORY", True)
    assert caught.value.metadata == {"retry_after_seconds": "3"}


async def test_deadline(model_services: ModelServices, channels: dict[str, grpc.aio.Channel]) -> None:
    model_services.seconds["Detect"] = 60
    with pytest.raises(ServiceError) as caught:
        await DetectionClient(channels["detection"]).detect(make_photo(), masks=False, seconds=0.2)
    assert caught.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    await asyncio.wait_for(model_services.cancelled["Detect"].wait(), 5)


async def test_reader_that_leaves_stops_the_engine(
    model_services: ModelServices, channels: dict[str, grpc.aio.Channel]
) -> None:
    model_services.steps, model_services.seconds["Transform"] = 1000, 0.02
    restyling = Restyling(photo=make_photo(), style="boho")
    async with aclosing(DiffusionClient(channels["diffusion"]).transform(restyling, seconds=30)) as steps:
        async for step in steps:
            if isinstance(step, StepDone) and step.step == 2:
                break
    await asyncio.wait_for(model_services.cancelled["Transform"].wait(), 5)


async def test_stream_ends_with_the_result(channels: dict[str, grpc.aio.Channel]) -> None:
    restyling = Restyling(photo=make_photo(), style="boho", variants=2, seed=5)
    steps = [step async for step in DiffusionClient(channels["diffusion"]).transform(restyling, seconds=30)]
    last = steps[-1]
    assert isinstance(last, Restyled)
    assert (len(last.jpegs), last.manifest.seed, last.manifest.palette_delta_e) == (2, 5, None)


@pytest.mark.slow
@pytest.mark.parametrize("answer", ["nothing", "half a stream"])
async def test_server_that_goes_away_is_a_passing_failure(unused_tcp_port: int, answer: str) -> None:
    """A peer that is no gRPC server at all, or cuts the line in the middle."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        if answer == "half a stream":
            writer.write(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")  # an empty SETTINGS frame of HTTP/2
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", unused_tcp_port)
    async with server, client.channel(f"127.0.0.1:{unused_tcp_port}") as channel:
        with pytest.raises(ServiceError) as caught:
            async with aclosing(
                DiffusionClient(channel).transform(Restyling(photo=b"", style="boho"), seconds=3)
            ) as steps:
                async for _step in steps:
                    pass
    assert caught.value.retryable
    assert str(unused_tcp_port) not in caught.value.message


async def test_job_id_travels_along(model_services: ModelServices, channels: dict[str, grpc.aio.Channel]) -> None:
    seen: list[str] = []
    original = model_services.called

    async def called(rpc: str, request: object) -> None:
        seen.append(context.job_id.get())
        await original(rpc, request)

    model_services.called = called  # type: ignore[method-assign]  # the servicer asks it for every call
    with context.bound(job="job-1"):
        await DetectionClient(channels["detection"]).detect(make_photo(), masks=False, seconds=5)
    assert seen == ["job-1"]
