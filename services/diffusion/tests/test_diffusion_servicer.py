"""DiffusionService over a real socket, with the lite engine."""

import asyncio
import io
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
import pytest
import pytest_asyncio
from PIL import Image as Pillow

from diffusion.__main__ import SERVICE_NAME
from diffusion.domain import Progress, Restyling
from diffusion.engine import Engine, Step
from diffusion.engine.lite import LiteEngine
from diffusion.pipeline import Pipeline
from diffusion.servicer import DiffusionServicer
from diffusion.styles import read_styles
from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.diffusion.v1 import diffusion_service_pb2_grpc as pb_grpc
from modomo.type.v1 import mode_pb2
from modomo.type.v1.control_map_pb2 import (
    CONTROL_MAP_KIND_CONFIDENCE,
    CONTROL_MAP_KIND_DEPTH,
    CONTROL_MAP_KIND_SEGMENTATION,
    CONTROL_MAP_KIND_UNSPECIFIED,
    ControlMap,
)
from modomo.type.v1.correction_pb2 import CORRECTION_LABEL_LEAVE, Correction
from modomo.type.v1.image_pb2 import IMAGE_FORMAT_JPEG, Image, Mask
from servicekit.errors import ServiceError
from servicekit.imaging.images import decode_rgb, encode_jpeg, encode_mask, encode_png
from servicekit.inference.engine import EngineInfo
from servicekit.inference.executor import DeviceExecutor
from servicekit.rpc import client
from servicekit.rpc.server import ServerOptions, running
from servicekit.rpc.status import from_call
from servicekit.types import ade20k
from servicekit.types.modes import RoomMode
from tests.fixtures.rooms import DrawnRoom, draw_room

if TYPE_CHECKING:  # the name exists in the type stubs alone
    from modomo.diffusion.v1.diffusion_service_pb2_grpc import DiffusionServiceAsyncStub as Stub

ROOM = draw_room(192, 144)


def labels(room: DrawnRoom) -> np.ndarray[Any, np.dtype[np.uint8]]:
    found = np.full(room.floor.shape, ade20k.index("ceiling"), dtype=np.uint8)
    ceiling = room.wall & (np.arange(len(found))[:, None] < 0.16 * len(found))
    for region, name in ((room.wall & ~ceiling, "wall"), (room.floor, "floor"), (room.window, "windowpane")):
        found[region] = ade20k.index(name)
    found[room.sofa] = ade20k.index("sofa")
    return found


MAPS = [
    ControlMap(kind=CONTROL_MAP_KIND_SEGMENTATION, image=encode_png(ade20k.colourise(labels(ROOM)))),
    ControlMap(kind=CONTROL_MAP_KIND_CONFIDENCE, image=encode_png(np.full(ROOM.floor.shape, 230, dtype=np.uint8))),
]
PHOTO = encode_png(ROOM.photo)


def request(**changes: Any) -> pb.TransformRequest:
    fields: dict[str, Any] = {"image": PHOTO, "style": "modern", "maps": MAPS, "seed": 3}
    return pb.TransformRequest(**(fields | changes))


async def serving(engine: Engine) -> AsyncGenerator["Stub", None]:
    servicer = DiffusionServicer(Pipeline(engine, preview_engine=engine, styles=read_styles()))
    add = pb_grpc.add_DiffusionServiceServicer_to_server
    options = ServerOptions(address="127.0.0.1:0", drain_seconds=0.2)
    async with (
        running(options, [(SERVICE_NAME, lambda server: add(servicer, server))]) as server,
        client.channel(f"127.0.0.1:{server.port}") as channel,
    ):
        yield pb_grpc.DiffusionServiceStub(channel)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stub() -> AsyncIterator["Stub"]:
    engine = LiteEngine(DeviceExecutor("diffusion"))
    await engine.load()
    async for one in serving(engine):
        yield one
    await engine.close()


async def messages(stub: "Stub", asked: pb.TransformRequest) -> list[pb.TransformResponse]:
    return [message async for message in stub.Transform(asked)]


async def result(stub: "Stub", asked: pb.TransformRequest) -> pb.Result:
    return (await messages(stub, asked))[-1].result


async def refusal(stub: "Stub", asked: pb.TransformRequest) -> ServiceError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await messages(stub, asked)
    return from_call(caught.value)


async def test_steps_then_previews_then_one_result(stub: "Stub") -> None:
    events = await messages(stub, request(previews=2, variants=2))
    kinds = [event.WhichOneof("event") for event in events]
    assert kinds[-1] == "result"
    assert kinds.count("result") == 1
    assert kinds.count("preview") == 2
    progress = [event.progress for event in events if event.WhichOneof("event") == "progress"]
    assert [one.step for one in progress] == list(range(1, len(progress) + 1))
    assert {one.total_steps for one in progress} == {len(progress)}
    final = events[-1].result
    assert [(image.width, image.height) for image in final.images] == [(192, 144)] * 2
    assert final.images[0].data != final.images[1].data


async def test_result_is_a_good_jpeg_without_subsampling(stub: "Stub") -> None:
    (image,) = (await result(stub, request())).images
    assert image.format == IMAGE_FORMAT_JPEG
    with Pillow.open(io.BytesIO(image.data)) as picture:
        assert picture.format == "JPEG"
        assert [layer[1:3] for layer in picture.layer] == [(1, 1)] * 3  # type: ignore[attr-defined]  # JpegImageFile's
        assert max(picture.quantization[0]) <= 20, "at quality 92 the coarsest luminance step is 19"  # type: ignore[attr-defined]


async def test_manifest_tells_what_was_done(stub: "Stub") -> None:
    made = (await result(stub, request(strength=1.0))).manifest
    assert (made.engine.name, made.style, made.seed, made.strength) == ("lite", "modern", 3, 1.0)
    surfaces = {surface.label: surface for surface in made.surfaces}
    assert {"wall", "floor", "ceiling"} <= set(surfaces)
    assert surfaces["floor"].material in {"walnut herringbone", "smoked walnut boards"}
    assert surfaces["floor"].area == pytest.approx(ROOM.floor.mean(), abs=0.03)
    assert surfaces["floor"].confidence == pytest.approx(230 / 255, abs=0.01)
    assert not made.HasField("palette_delta_e")
    assert made.device_seconds > 0


async def test_absent_seed_is_drawn_and_told(stub: "Stub") -> None:
    asked = request(style="boho")
    asked.ClearField("seed")
    first, second = await result(stub, asked), await result(stub, asked)
    assert first.manifest.seed != second.manifest.seed
    again = await result(stub, request(style="boho", seed=first.manifest.seed))
    assert again.images[0].data == first.images[0].data


async def test_absent_strength_is_the_styles_own(stub: "Stub") -> None:
    made = (await result(stub, request())).manifest
    assert made.strength == pytest.approx(read_styles()["modern"].strength)


async def test_zero_strength_is_the_original(stub: "Stub") -> None:
    (image,) = (await result(stub, request(strength=0.0))).images
    assert image.data == encode_jpeg(ROOM.photo, quality=94).data


async def test_preview_is_one_small_picture(stub: "Stub") -> None:
    room = draw_room(1280, 960)
    asked = pb.TransformRequest(image=encode_jpeg(room.photo), style="boho", variants=3, previews=4)
    answer = await stub.Preview(pb.PreviewRequest(transform=asked))
    assert max(answer.image.width, answer.image.height) <= 1024
    assert answer.image.width * 3 == answer.image.height * 4
    assert answer.manifest.engine.name == "lite"
    assert decode_rgb(answer.image).shape == (answer.image.height, answer.image.width, 3)


async def test_styles_are_listed_with_their_colours(stub: "Stub") -> None:
    styles = (await stub.ListStyles(pb.ListStylesRequest())).styles
    assert [style.name for style in styles] == list(read_styles())
    assert all(style.title and style.description and style.palette for style in styles)


async def test_what_the_engine_can_do_is_listed(stub: "Stub") -> None:
    answer = await stub.ListStyles(pb.ListStylesRequest())
    assert (answer.engine, list(answer.modes), answer.takes_style_image) == ("lite", [mode_pb2.MODE_RESTYLE], True)


async def test_what_regions_can_be_told_and_made_of(stub: "Stub") -> None:
    answer = await stub.ListStyles(pb.ListStylesRequest())
    assert (answer.takes_corrections, answer.usual_seconds > 0) == (True, True)
    assert {"limewash", "oak-herringbone"} <= {one.name for one in answer.materials}
    assert all(one.thumbnail.startswith(b"RIFF") and one.title and one.surfaces for one in answer.materials)
    said = Correction(x=0.5, y=0.3, label=CORRECTION_LABEL_LEAVE)
    asked = request(corrections=[said], surfaces={"floor": "oak-herringbone", "wall": "#a3b18a"})
    asked.ClearField("seed")
    made, again = [await result(stub, asked) for _ in range(2)]
    assert made.images[0].data == again.images[0].data, "repeatable without a seed"
    (applied,) = made.manifest.corrections
    assert (applied.correction, applied.area > 0) == (said, True)
    materials = {one.label: one.material for one in made.manifest.surfaces if one.material}
    assert materials == {"floor": "oak herringbone", "wall": "paint #A3B18A"}
    assert made.manifest.strength == 1.0


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"corrections": [Correction(x=0.5, y=0.5)]}, "FIELD_INVALID", "corrections"),
        ({"corrections": [Correction(x=float("nan"), label=CORRECTION_LABEL_LEAVE)]}, "FIELD_INVALID", "corrections"),
        ({"corrections": [Correction(label=CORRECTION_LABEL_LEAVE)] * 33}, "OUT_OF_RANGE", "corrections"),
        ({"surfaces": {"roof": "#FFFFFF"}}, "FIELD_INVALID", "surfaces"),
        ({"surfaces": {"wall": "oak-boards"}}, "UNKNOWN_MATERIAL", "surfaces.wall"),
        ({"surfaces": {"wall": "#FFFFFF"}, "color_palette": ["#000000"]}, "FIELD_INVALID", "surfaces"),
    ],
)
async def test_what_they_cannot_be_is_named(stub: "Stub", changes: dict[str, Any], reason: str, field: str) -> None:
    error = await refusal(stub, request(**changes))
    assert (error.reason, error.metadata["field"]) == (reason, field)


async def test_the_start_comes_first(stub: "Stub") -> None:
    kinds = [event.WhichOneof("event") for event in await messages(stub, request())]
    assert [number for number, kind in enumerate(kinds) if kind == "started"] == [0]


async def test_colours_of_a_style_image_are_told(stub: "Stub") -> None:
    blue = encode_png(np.full((48, 48, 3), (40, 70, 150), dtype=np.uint8))
    plain, styled = await result(stub, request()), await result(stub, request(style_image=blue))
    assert (plain.manifest.style_image_used, list(plain.manifest.style_image_palette)) == (False, [])
    assert styled.manifest.style_image_used
    assert len(styled.manifest.style_image_palette) == 1
    assert styled.images[0].data != plain.images[0].data
    first_look = await stub.Preview(pb.PreviewRequest(transform=request(style_image=blue)))
    assert first_look.manifest.style_image_used


@pytest.mark.parametrize("mode", [mode_pb2.MODE_STAGE, mode_pb2.MODE_DECLUTTER])
async def test_a_mode_that_the_engine_lacks_is_a_failed_precondition(
    stub: "Stub", mode: mode_pb2.Mode.ValueType
) -> None:
    remove = encode_mask(ROOM.sofa) if mode == mode_pb2.MODE_DECLUTTER else None
    error = await refusal(stub, request(mode=mode, remove=remove))
    assert (error.code, error.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "MODE_NOT_SUPPORTED")
    assert error.metadata["field"] == "mode"
    assert "The engine lite cannot" in error.message


async def test_models_tell_their_licence(stub: "Stub") -> None:
    assert (await result(stub, request())).manifest.engine.models[0].licence == "Apache-2.0"


def _png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Pillow.new("L", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


SMALL_MASK = encode_mask(np.ones((30, 40), dtype=bool))
SMALL_MAP = ControlMap(kind=CONTROL_MAP_KIND_DEPTH, image=Image(data=_png(100, 100)))


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        pytest.param({"image": Image()}, "IMAGE_MISSING", "image", id="no photo"),
        pytest.param({"image": Image(data=b"text")}, "IMAGE_UNREADABLE", "image", id="no picture"),
        pytest.param({"image": Image(data=PHOTO.data[:500])}, "IMAGE_UNREADABLE", "image", id="truncated"),
        pytest.param({"image": Image(data=_png(1, 1))}, "IMAGE_TOO_SMALL", "image", id="one pixel"),
        pytest.param({"image": Image(data=_png(4000, 4000))}, "IMAGE_TOO_LARGE", "image", id="16 megapixels"),
        pytest.param({"style": "baroque"}, "UNKNOWN_STYLE", "style", id="style"),
        pytest.param({"style": "../boho"}, "UNKNOWN_STYLE", "style", id="style as path"),
        pytest.param({"strength": float("nan")}, "OUT_OF_RANGE", "strength", id="NaN strength"),
        pytest.param({"strength": float("inf")}, "OUT_OF_RANGE", "strength", id="infinite strength"),
        pytest.param({"strength": -0.1}, "OUT_OF_RANGE", "strength", id="negative strength"),
        pytest.param({"variants": 5}, "OUT_OF_RANGE", "variants", id="five variants"),
        pytest.param({"previews": 9}, "OUT_OF_RANGE", "previews", id="nine previews"),
        pytest.param({"seed": 2**53}, "OUT_OF_RANGE", "seed", id="seed"),
        pytest.param({"color_palette": ["#FFFFFF"] * 9}, "FIELD_INVALID", "color_palette", id="nine colours"),
        pytest.param({"color_palette": ["#GGGGGG"]}, "FIELD_INVALID", "color_palette", id="no colour"),
        pytest.param({"color_palette": ["#FFFFFF\n"]}, "FIELD_INVALID", "color_palette", id="colour and line end"),
        pytest.param({"room_type": 77}, "UNKNOWN_ROOM_TYPE", "room_type", id="room type"),
        pytest.param({"tier": 9}, "UNKNOWN_TIER", "tier", id="tier"),
        pytest.param({"keep": SMALL_MASK}, "SIZE_MISMATCH", "keep", id="mask of another size"),
        pytest.param({"keep": Mask(png=b"x")}, "IMAGE_UNREADABLE", "keep", id="mask unreadable"),
        pytest.param({"keep": Mask()}, "IMAGE_MISSING", "keep", id="mask empty"),
        pytest.param({"mode": 9}, "UNKNOWN_MODE", "mode", id="mode"),
        pytest.param({"mode": mode_pb2.MODE_DECLUTTER}, "FIELD_MISSING", "remove", id="nothing to remove"),
        pytest.param({"remove": Mask(png=_png(192, 144))}, "FIELD_INVALID", "remove", id="mask without its mode"),
        pytest.param(
            {"mode": mode_pb2.MODE_DECLUTTER, "remove": SMALL_MASK}, "SIZE_MISMATCH", "remove", id="mask to remove"
        ),
        pytest.param(
            {"mode": mode_pb2.MODE_DECLUTTER, "remove": Mask(png=_png(192, 144)), "color_palette": ["#FFFFFF"]},
            "FIELD_INVALID",
            "color_palette",
            id="palette without use",
        ),
        pytest.param({"style_image": Image(data=b"text")}, "IMAGE_UNREADABLE", "style_image", id="no style image"),
        pytest.param(
            {"style_image": Image(data=_png(4000, 4000))}, "IMAGE_TOO_LARGE", "style_image", id="large style image"
        ),
        pytest.param({"style_image": Image()}, "IMAGE_MISSING", "style_image", id="empty style image"),
        pytest.param({"maps": [SMALL_MAP]}, "SIZE_MISMATCH", "maps", id="map of another size"),
        pytest.param({"maps": [MAPS[0], MAPS[0]]}, "DUPLICATE_MAP", "maps", id="map twice"),
        pytest.param(
            {"maps": [ControlMap(kind=CONTROL_MAP_KIND_UNSPECIFIED, image=PHOTO)]}, "UNKNOWN_KIND", "maps", id="no kind"
        ),
        pytest.param({"maps": [ControlMap(kind=42, image=PHOTO)]}, "UNKNOWN_KIND", "maps", id="odd kind"),  # type: ignore[arg-type]  # as a newer caller may send
    ],
)
async def test_bad_input_is_refused_by_name(stub: "Stub", changes: dict[str, Any], reason: str, field: str) -> None:
    error = await refusal(stub, request(**changes))
    assert (error.reason, error.metadata["field"]) == (reason, field)
    expected = grpc.StatusCode.NOT_FOUND if field == "style" else grpc.StatusCode.INVALID_ARGUMENT
    assert error.code is expected
    assert (await result(stub, request())).images, "the next request works"


async def test_nothing_left_to_restyle_is_a_failed_precondition(stub: "Stub") -> None:
    error = await refusal(stub, request(keep=encode_mask(np.ones(ROOM.floor.shape, dtype=bool))))
    assert error.code is grpc.StatusCode.FAILED_PRECONDITION
    assert error.reason == "NOTHING_TO_RESTYLE"


class EndlessEngine:
    """Takes a step whenever it is asked, for ever, and remembers how it was ended."""

    def __init__(self) -> None:
        self.steps = 0
        self.closed = asyncio.Event()

    @property
    def info(self) -> EngineInfo:
        return EngineInfo(name="endless")

    modes = frozenset(RoomMode)
    takes_style_image = True
    knows_regions = True
    repaints_surfaces = True
    usual_seconds = 0.0

    async def load(self) -> None: ...

    async def transform(self, restyling: Restyling) -> AsyncGenerator[Step, None]:
        try:
            while True:
                self.steps += 1
                yield Progress(step=self.steps, total_steps=1_000_000)
                await asyncio.sleep(0)  # lets the call's own end be noticed
        finally:
            self.closed.set()

    async def close(self) -> None: ...


@pytest.mark.parametrize("ending", ["cancel", "deadline"])
async def test_engine_stops_when_the_client_leaves(ending: str) -> None:
    engine = EndlessEngine()
    async for stub in serving(engine):
        call = stub.Transform(request(), timeout=0.5 if ending == "deadline" else None)
        await call.read()
        if ending == "cancel":
            call.cancel()
        await asyncio.wait_for(engine.closed.wait(), timeout=20)
        with pytest.raises((grpc.aio.AioRpcError, asyncio.CancelledError)):
            while True:
                await call.read()
    steps = engine.steps
    await asyncio.sleep(0.05)  # whatever still ran would step on
    assert engine.steps == steps
