"""What DiffusionService refuses, over a real socket: each by its field and reason."""

import io
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
import pytest
import pytest_asyncio
from PIL import Image as Pillow

from modomo.type.v1 import mode_pb2
from modomo.type.v1.control_map_pb2 import (
    CONTROL_MAP_KIND_DEPTH,
    CONTROL_MAP_KIND_UNSPECIFIED,
    ControlMap,
)
from modomo.type.v1.correction_pb2 import CORRECTION_LABEL_LEAVE, Correction
from modomo.type.v1.image_pb2 import Image, Mask
from servicekit.imaging.images import encode_mask
from tests.fixtures.diffusion_service import MAPS, PHOTO, ROOM, refusal, request, result, serving_lite

if TYPE_CHECKING:  # the name exists in the type stubs alone
    from modomo.diffusion.v1.diffusion_service_pb2_grpc import DiffusionServiceAsyncStub as Stub

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stub() -> AsyncIterator["Stub"]:
    async for one in serving_lite():
        yield one


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


@pytest.mark.parametrize("mode", [mode_pb2.MODE_STAGE, mode_pb2.MODE_DECLUTTER])
async def test_a_mode_that_the_engine_lacks_is_a_failed_precondition(
    stub: "Stub", mode: mode_pb2.Mode.ValueType
) -> None:
    remove = encode_mask(ROOM.sofa) if mode == mode_pb2.MODE_DECLUTTER else None
    error = await refusal(stub, request(mode=mode, remove=remove))
    assert (error.code, error.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "MODE_NOT_SUPPORTED")
    assert error.metadata["field"] == "mode"
    assert "The engine lite cannot" in error.message


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
