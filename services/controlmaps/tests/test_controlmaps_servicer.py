"""ControlMapsService over a real socket, with the lite engine."""

import io
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
import pytest
import pytest_asyncio
from PIL import Image as Pillow

from controlmaps.__main__ import SERVICE_NAME, build_engine
from controlmaps.pipeline import Pipeline
from controlmaps.servicer import ControlMapsServicer
from controlmaps.settings import Settings
from modomo.controlmaps.v1 import control_maps_service_pb2 as pb
from modomo.controlmaps.v1 import control_maps_service_pb2_grpc as pb_grpc
from modomo.type.v1.control_map_pb2 import (
    CONTROL_MAP_KIND_CANNY,
    CONTROL_MAP_KIND_CONFIDENCE,
    CONTROL_MAP_KIND_DEPTH,
    CONTROL_MAP_KIND_SEGMENTATION,
    CONTROL_MAP_KIND_UNSPECIFIED,
    ControlMap,
)
from modomo.type.v1.image_pb2 import IMAGE_FORMAT_PNG, Image, Mask
from servicekit.errors import ServiceError
from servicekit.imaging.images import decode_grey, decode_rgb, encode_jpeg, encode_mask, encode_png
from servicekit.rpc import client
from servicekit.rpc.server import ServerOptions, running
from servicekit.rpc.status import from_call
from servicekit.types import ade20k
from tests.fixtures.rooms import DrawnRoom
from tests.fixtures.sample_room import sample_bedroom

if TYPE_CHECKING:  # the name exists in the type stubs alone
    from modomo.controlmaps.v1.control_maps_service_pb2_grpc import ControlMapsServiceAsyncStub as Stub

SMALL = encode_png(np.full((48, 64, 3), 90, dtype=np.uint8))


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stub() -> AsyncIterator["Stub"]:
    engine = build_engine(Settings(engine="lite"))
    await engine.load()
    servicer = ControlMapsServicer(Pipeline(engine), room_threshold=0.5)
    add = pb_grpc.add_ControlMapsServiceServicer_to_server
    options = ServerOptions(address="127.0.0.1:0", drain_seconds=0.2)
    async with (
        running(options, [(SERVICE_NAME, lambda server: add(servicer, server))]) as server,
        client.channel(f"127.0.0.1:{server.port}") as channel,
    ):
        yield pb_grpc.ControlMapsServiceStub(channel)
    await engine.close()


async def refusal(call: Any) -> ServiceError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    error = from_call(caught.value)
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    return error


async def test_every_room_type_is_named_once_most_probable_first(stub: "Stub", drawn_room: DrawnRoom) -> None:
    response = await stub.Analyze(pb.AnalyzeRequest(image=encode_jpeg(drawn_room.photo), rooms_only=True))
    probabilities = [room.probability for room in response.rooms]
    assert sorted(room.room_type for room in response.rooms) == list(range(1, 10))
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) == pytest.approx(1, abs=1e-5)
    assert response.is_room
    assert response.engine.name == "lite"
    assert not response.maps


@pytest.mark.parametrize("level", [0, 128])
async def test_a_plain_picture_is_no_room(stub: "Stub", level: int) -> None:
    plain = encode_png(np.full((300, 400, 3), level, dtype=np.uint8))
    response = await stub.Analyze(pb.AnalyzeRequest(image=plain, rooms_only=True))
    assert not response.is_room
    assert response.room_probability < 0.5


async def test_the_maps_asked_for_are_drawn_in_that_order(stub: "Stub") -> None:
    photo, truth = sample_bedroom()
    image = encode_jpeg(photo)
    kinds = [CONTROL_MAP_KIND_SEGMENTATION, CONTROL_MAP_KIND_DEPTH, CONTROL_MAP_KIND_CANNY]
    response = await stub.Analyze(pb.AnalyzeRequest(image=image, kinds=kinds))
    assert [one.kind for one in response.maps] == kinds
    assert {(one.image.width, one.image.height) for one in response.maps} == {(640, 480)}
    segmentation, depth, canny = (one.image for one in response.maps)
    labels = ade20k.labels(decode_rgb(segmentation))
    for name in ("floor", "wall", "ceiling", "bed", "windowpane"):
        assert (labels[truth == ade20k.index(name)] == ade20k.index(name)).mean() > 0.85
    near = decode_grey(depth)
    assert (near.min(), near.max()) == (0, 255)
    assert near[-1].mean() > near[300].mean()
    assert set(np.unique(decode_grey(canny))) == {0, 255}


async def test_all_maps_are_drawn_where_none_is_named(stub: "Stub", drawn_room: DrawnRoom) -> None:
    response = await stub.Analyze(pb.AnalyzeRequest(image=encode_jpeg(drawn_room.photo)))
    assert [one.kind for one in response.maps] == [
        CONTROL_MAP_KIND_DEPTH,
        CONTROL_MAP_KIND_CANNY,
        CONTROL_MAP_KIND_SEGMENTATION,
        CONTROL_MAP_KIND_CONFIDENCE,
    ]


async def test_the_same_photo_gives_the_same_answer(stub: "Stub", drawn_room: DrawnRoom) -> None:
    request = pb.AnalyzeRequest(image=encode_png(drawn_room.photo))
    assert await stub.Analyze(request) == await stub.Analyze(request)


async def test_the_calls_of_the_release_before_answer_the_same(stub: "Stub", drawn_room: DrawnRoom) -> None:
    image = encode_png(drawn_room.photo)
    found = await stub.Analyze(pb.AnalyzeRequest(image=image))
    classified = await stub.Classify(pb.ClassifyRequest(image=image))
    generated = await stub.Generate(pb.GenerateRequest(image=image))
    assert classified == pb.ClassifyResponse(
        rooms=found.rooms, room_probability=found.room_probability, is_room=found.is_room, engine=found.engine
    )
    assert generated == pb.GenerateResponse(maps=found.maps, engine=found.engine)
    kinds = [CONTROL_MAP_KIND_CANNY]
    assert [one.kind for one in (await stub.Generate(pb.GenerateRequest(image=image, kinds=kinds))).maps] == kinds


async def test_assess_an_identical_pair_and_a_changed_kept_region(stub: "Stub", drawn_room: DrawnRoom) -> None:
    original = encode_png(drawn_room.photo)
    changed = drawn_room.photo.copy()
    changed[drawn_room.sofa] = 250
    kept = encode_mask(drawn_room.sofa)
    same = await stub.Assess(pb.AssessRequest(original=original, result=original, kept=kept))
    other = await stub.Assess(pb.AssessRequest(original=original, result=encode_png(changed), kept=kept))
    assert same.overall == pytest.approx(1, abs=1e-5)
    assert other.keep < 0.1
    assert other.overall < 0.7


async def test_assess_scores_the_palette_only_where_one_is_asked_for(stub: "Stub", drawn_room: DrawnRoom) -> None:
    original = encode_png(drawn_room.photo)
    without = await stub.Assess(pb.AssessRequest(original=original, result=original))
    wrong = await stub.Assess(pb.AssessRequest(original=original, result=original, palette=["#00FF00"]))
    assert without.palette == 1
    assert wrong.palette < 0.1


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        ([CONTROL_MAP_KIND_UNSPECIFIED], "UNKNOWN_KIND"),
        ([77], "UNKNOWN_KIND"),
        ([CONTROL_MAP_KIND_CANNY, CONTROL_MAP_KIND_DEPTH, CONTROL_MAP_KIND_CANNY], "DUPLICATE_KIND"),
    ],
)
async def test_unusable_kinds_are_refused(stub: "Stub", kinds: list[Any], reason: str) -> None:
    for call in (
        stub.Analyze(pb.AnalyzeRequest(image=SMALL, kinds=kinds)),
        stub.Generate(pb.GenerateRequest(image=SMALL, kinds=kinds)),
    ):
        error = await refusal(call)
        assert (error.reason, error.metadata) == (reason, {"field": "kinds"})


async def test_kinds_are_refused_where_only_rooms_are_wanted(stub: "Stub") -> None:
    request = pb.AnalyzeRequest(image=SMALL, kinds=[CONTROL_MAP_KIND_CANNY], rooms_only=True)
    error = await refusal(stub.Analyze(request))
    assert (error.reason, error.metadata) == ("KINDS_UNWANTED", {"field": "kinds"})


def _png(width: int, height: int) -> Image:
    buffer = io.BytesIO()
    Pillow.new("L", (width, height)).save(buffer, "PNG")
    return Image(data=buffer.getvalue(), format=IMAGE_FORMAT_PNG)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        pytest.param(Image(), "IMAGE_MISSING", id="empty"),
        pytest.param(Image(data=SMALL.data[:60]), "IMAGE_UNREADABLE", id="truncated"),
        pytest.param(_png(1, 1), "IMAGE_TOO_SMALL", id="one pixel"),
        pytest.param(_png(9000, 9000), "IMAGE_TOO_LARGE", id="81 megapixels"),
    ],
)
async def test_unusable_pictures_are_refused_by_name(stub: "Stub", image: Image, reason: str) -> None:
    for call in (
        stub.Analyze(pb.AnalyzeRequest(image=image)),
        stub.Classify(pb.ClassifyRequest(image=image)),
        stub.Generate(pb.GenerateRequest(image=image)),
    ):
        error = await refusal(call)
        assert (error.reason, error.metadata) == (reason, {"field": "image"})
    for request, field in (
        (pb.AssessRequest(original=image, result=SMALL), "original"),
        (pb.AssessRequest(original=SMALL, result=image), "result"),
    ):
        error = await refusal(stub.Assess(request))
        assert (error.reason, error.metadata) == (reason, {"field": field})


async def test_pairs_of_two_sizes_are_refused(stub: "Stub") -> None:
    error = await refusal(stub.Assess(pb.AssessRequest(original=SMALL, result=_png(64, 49))))
    assert (error.reason, error.metadata) == ("SIZE_MISMATCH", {"field": "result"})


@pytest.mark.parametrize(
    ("kept", "reason"),
    [
        (encode_mask(np.ones((48, 63), dtype=bool)), "SIZE_MISMATCH"),
        (encode_mask(np.ones((480, 640), dtype=bool)), "IMAGE_TOO_LARGE"),
        (Mask(png=b"not a mask"), "IMAGE_UNREADABLE"),
        (Mask(), "IMAGE_MISSING"),
    ],
)
async def test_unusable_masks_are_refused(stub: "Stub", kept: Mask, reason: str) -> None:
    error = await refusal(stub.Assess(pb.AssessRequest(original=SMALL, result=SMALL, kept=kept)))
    assert (error.reason, error.metadata) == (reason, {"field": "kept"})


async def test_maps_that_analyze_has_drawn_say_the_same_as_another_look(stub: "Stub") -> None:
    photo = encode_jpeg(sample_bedroom()[0])
    maps = (await stub.Analyze(pb.AnalyzeRequest(image=photo))).maps
    anew = await stub.Assess(pb.AssessRequest(original=photo, result=photo))
    told = await stub.Assess(pb.AssessRequest(original=photo, result=photo, maps=maps))
    assert told.structure == pytest.approx(anew.structure, abs=0.03)


@pytest.mark.parametrize(
    ("drawn", "sure", "reason"),
    [
        (_png(64, 47), _png(64, 48), "SIZE_MISMATCH"),
        (SMALL, SMALL, "FIELD_INVALID"),
        (Image(data=b"no map", format=IMAGE_FORMAT_PNG), SMALL, "IMAGE_UNREADABLE"),
    ],
)
async def test_unusable_maps_are_refused(stub: "Stub", drawn: Image, sure: Image, reason: str) -> None:
    maps = [
        ControlMap(kind=CONTROL_MAP_KIND_SEGMENTATION, image=drawn),
        ControlMap(kind=CONTROL_MAP_KIND_CONFIDENCE, image=sure),
    ]
    error = await refusal(stub.Assess(pb.AssessRequest(original=SMALL, result=SMALL, maps=maps)))
    assert (error.reason, error.metadata) == (reason, {"field": "maps"})


@pytest.mark.parametrize("colours", [["#GGGGGG"], ["#FFF"], ["red"], ["#FFFFFF "], [""], ["#FFFFFF"] * 9])
async def test_unusable_palettes_are_refused(stub: "Stub", colours: list[str]) -> None:
    error = await refusal(stub.Assess(pb.AssessRequest(original=SMALL, result=SMALL, palette=colours)))
    assert error.metadata == {"field": "palette"}
