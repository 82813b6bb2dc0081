"""DetectionService over a real socket, with the lite engine."""

import io
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import grpc
import numpy as np
import pytest
import pytest_asyncio
from PIL import Image as Pillow

from detection.__main__ import SERVICE_NAME, build_engine
from detection.pipeline import Pipeline
from detection.servicer import DetectionServicer
from detection.settings import Settings
from modomo.detection.v1 import detection_service_pb2 as pb
from modomo.detection.v1 import detection_service_pb2_grpc as pb_grpc
from modomo.type.v1.image_pb2 import IMAGE_FORMAT_JPEG, IMAGE_FORMAT_PNG, Image
from servicekit.errors import ServiceError
from servicekit.imaging.images import decode_mask, encode_jpeg, encode_png
from servicekit.rpc import client
from servicekit.rpc.server import ServerOptions, running
from servicekit.rpc.status import from_call
from servicekit.types import ade20k
from servicekit.types.objects import ObjectLabel
from tests.fixtures.rooms import DrawnRoom
from tests.fixtures.sample_room import sample_bedroom

if TYPE_CHECKING:  # the name exists in the type stubs alone
    from modomo.detection.v1.detection_service_pb2_grpc import DetectionServiceAsyncStub as Stub


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stub() -> AsyncIterator["Stub"]:
    engine = build_engine(Settings(engine="lite"))
    await engine.load()
    servicer = DetectionServicer(Pipeline(engine))
    add = pb_grpc.add_DetectionServiceServicer_to_server
    options = ServerOptions(address="127.0.0.1:0", drain_seconds=0.2)
    async with (
        running(options, [(SERVICE_NAME, lambda server: add(servicer, server))]) as server,
        client.channel(f"127.0.0.1:{server.port}") as channel,
    ):
        yield pb_grpc.DetectionServiceStub(channel)
    await engine.close()


async def refusal(stub: "Stub", request: pb.DetectRequest) -> ServiceError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Detect(request)
    return from_call(caught.value)


async def test_finds_bed_and_window_where_they_are(stub: "Stub") -> None:
    photo, labels = sample_bedroom()
    response = await stub.Detect(pb.DetectRequest(image=encode_jpeg(photo), masks=True))
    assert response.engine.name == "lite"
    assert [model.name for model in response.engine.models] == ["roomnet"]
    window, bed = (next(found for found in response.detections if found.label == label) for label in ("window", "bed"))
    for found, name in ((window, "windowpane"), (bed, "bed")):
        assert _overlap(decode_mask(found.mask, shape=(480, 640)), labels == ade20k.index(name)) > 0.8
    assert len({found.id for found in response.detections}) == len(response.detections)
    assert window.id == "window-1"
    rows, columns = np.nonzero(decode_mask(window.mask, shape=(480, 640)))
    box = window.box
    assert (box.left, box.top, box.right, box.bottom) == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


async def test_ids_are_the_same_whatever_else_is_asked_for(stub: "Stub", drawn_room: DrawnRoom) -> None:
    image = encode_png(drawn_room.photo)
    everything = await stub.Detect(pb.DetectRequest(image=image))
    again = await stub.Detect(pb.DetectRequest(image=image))
    windows = await stub.Detect(pb.DetectRequest(image=image, labels=["window"]))
    assert everything == again
    assert [found.id for found in windows.detections] == ["window-1"]
    assert "window-1" in {found.id for found in everything.detections}


async def test_confidence_filters_and_sorts(stub: "Stub", drawn_room: DrawnRoom) -> None:
    image = encode_png(drawn_room.photo)
    found = (await stub.Detect(pb.DetectRequest(image=image))).detections
    assert [one.confidence for one in found] == sorted((one.confidence for one in found), reverse=True)
    threshold = (found[0].confidence + found[1].confidence) / 2
    fewer = (await stub.Detect(pb.DetectRequest(image=image, min_confidence=threshold))).detections
    assert [one.id for one in fewer] == [found[0].id]


async def test_masks_come_only_when_wanted(stub: "Stub", drawn_room: DrawnRoom) -> None:
    response = await stub.Detect(pb.DetectRequest(image=encode_jpeg(drawn_room.photo)))
    assert response.detections
    assert not any(found.HasField("mask") for found in response.detections)


async def test_grey_picture_has_nothing_in_it(stub: "Stub") -> None:
    grey = np.full((300, 400, 3), 128, dtype=np.uint8)
    response = await stub.Detect(pb.DetectRequest(image=encode_png(grey)))
    assert not {found.label for found in response.detections} - set(ObjectLabel)


def _image(data: bytes, **fields: object) -> Image:
    return Image(data=data, **fields)  # type: ignore[arg-type]  # the cases name real fields


def _png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Pillow.new("L", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


PHOTO = encode_jpeg(np.full((64, 96, 3), 90, dtype=np.uint8)).data


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        pytest.param(_image(b""), "IMAGE_MISSING", id="empty"),
        pytest.param(_image(PHOTO[:200]), "IMAGE_UNREADABLE", id="truncated"),
        pytest.param(_image(b"no picture at all"), "IMAGE_UNREADABLE", id="text"),
        pytest.param(_image(PHOTO, format=IMAGE_FORMAT_PNG), "IMAGE_UNREADABLE", id="mislabelled"),
        pytest.param(_image(PHOTO, format=99), "IMAGE_FORMAT", id="unknown format"),
        pytest.param(_image(_png(1, 1)), "IMAGE_TOO_SMALL", id="one pixel"),
        pytest.param(_image(_png(9000, 9000)), "IMAGE_TOO_LARGE", id="81 megapixels"),
        pytest.param(_image(_png(20_000, 20)), "IMAGE_TOO_LARGE", id="a long strip"),
    ],
)
async def test_unusable_pictures_are_refused_by_name(stub: "Stub", image: Image, reason: str) -> None:
    error = await refusal(stub, pb.DetectRequest(image=image))
    assert (error.code, error.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
    assert error.metadata == {"field": "image"}
    assert await stub.Detect(pb.DetectRequest(image=_image(PHOTO, format=IMAGE_FORMAT_JPEG)))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"labels": ["sofa", "dragon"]}, "labels", id="unknown label"),
        pytest.param({"labels": [""]}, "labels", id="empty label"),
        pytest.param({"min_confidence": float("nan")}, "min_confidence", id="NaN"),
        pytest.param({"min_confidence": 1.01}, "min_confidence", id="above 1"),
        pytest.param({"min_confidence": -0.01}, "min_confidence", id="below 0"),
    ],
)
async def test_unusable_queries_are_refused_by_name(stub: "Stub", fields: dict[str, object], field: str) -> None:
    error = await refusal(stub, pb.DetectRequest(image=_image(PHOTO), **fields))  # type: ignore[arg-type]  # as above
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert error.metadata == {"field": field}


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())
