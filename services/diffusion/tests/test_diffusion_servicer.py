"""DiffusionService over a real socket, with the lite engine."""

import asyncio
import io
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING

import grpc
import numpy as np
import pytest
import pytest_asyncio
from PIL import Image as Pillow

from diffusion.domain import Progress, Restyling
from diffusion.engine import Step
from diffusion.styles import read_styles
from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.type.v1 import mode_pb2
from modomo.type.v1.correction_pb2 import CORRECTION_LABEL_LEAVE, Correction
from modomo.type.v1.image_pb2 import IMAGE_FORMAT_JPEG
from servicekit.imaging.images import decode_rgb, encode_jpeg, encode_png
from servicekit.inference.engine import EngineInfo
from servicekit.types.modes import RoomMode
from tests.fixtures.diffusion_service import ROOM, messages, request, result, serving, serving_lite
from tests.fixtures.rooms import draw_room

if TYPE_CHECKING:  # the name exists in the type stubs alone
    from modomo.diffusion.v1.diffusion_service_pb2_grpc import DiffusionServiceAsyncStub as Stub

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stub() -> AsyncIterator["Stub"]:
    async for one in serving_lite():
        yield one


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


async def test_models_tell_their_licence(stub: "Stub") -> None:
    assert (await result(stub, request())).manifest.engine.models[0].licence == "Apache-2.0"


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
