"""Single surfaces in colours and materials that the caller names; the thumbnails of materials are fresh."""

import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from diffusion.domain import Maps, Restyling, Result
from diffusion.lite.choice import choose
from diffusion.lite.restyle import restyle
from diffusion.lite.surfaces import named
from diffusion.materials import read_materials
from diffusion.styles import Finish, Pattern, read_styles
from servicekit.imaging import colour
from servicekit.inference.engine import EngineInfo
from servicekit.types import ade20k
from servicekit.types.surfaces import SurfaceName
from tests.fixtures.rooms import DrawnRoom
from tools import materials


def asked(room: DrawnRoom, surfaces: dict[SurfaceName, Finish], style: str = "boho") -> Restyling:
    labels = np.full(room.floor.shape, ade20k.index("wall"), dtype=np.uint8)
    labels[room.floor] = ade20k.index("floor")
    labels[room.window] = ade20k.index("windowpane")
    labels[room.sofa] = ade20k.index("sofa")
    return Restyling(
        photo=room.photo,
        style=read_styles()[style],
        maps=Maps(segmentation=labels, confidence=np.full(labels.shape, 0.9, dtype=np.float32)),
        surfaces=surfaces,
        strength=1.0,
        seed=0,
    )


def made(restyling: Restyling) -> Result:
    *_, last = restyle(restyling, EngineInfo(name="lite"))
    assert isinstance(last, Result)
    return last


def test_a_surface_is_repainted_and_nothing_else(drawn_room: DrawnRoom) -> None:
    sage = Finish(name="paint #A3B18A", pattern=Pattern.PLAIN, color="#A3B18A")
    dim = np.asarray(drawn_room.photo * (0.55, 0.5, 0.4), dtype=np.uint8)
    restyling = replace(asked(drawn_room, {SurfaceName.WALL: sage}), photo=dim)
    result = made(restyling)
    again = made(replace(restyling, style=read_styles()["industrial"]))
    assert (result.images[0] == again.images[0]).all(), "exactly repeatable, whatever the style"
    assert {one.material for one in result.manifest.surfaces if one.label == "wall"} == {"paint #A3B18A"}
    assert {one.label for one in result.manifest.surfaces} == {"wall"}
    assert result.repainted is not None
    wall = result.repainted == ade20k.index("wall")
    near = cv2.dilate(wall.astype(np.uint8), np.ones((15, 15), dtype=np.uint8)) > 0
    assert (result.images[0] == restyling.photo)[~near].all(), "to the last bit"
    assert (~near).mean() > 0.2
    wanted = colour.lab(colour.from_hex("#A3B18A")[None])[0]
    mean = colour.lab(colour.linear(result.images[0][wall & drawn_room.wall])).mean(axis=0)
    assert float(colour.delta_e(mean, wanted)) < 25, "under a dim and yellow light"


def test_a_material_is_laid(drawn_room: DrawnRoom) -> None:
    oak = read_materials()["oak-herringbone"].finish
    result = made(asked(drawn_room, {SurfaceName.FLOOR: oak}))
    other = made(asked(drawn_room, {SurfaceName.FLOOR: oak}, style="industrial"))
    assert (result.images[0] == other.images[0]).all(), "its grain is no matter of style"
    assert {one.material for one in result.manifest.surfaces} == {"oak herringbone"}
    changed = (result.images[0] != drawn_room.photo).any(axis=2)
    assert changed[drawn_room.floor].mean() > 0.8


def test_what_stands_in_for_a_material_has_its_colour(drawn_room: DrawnRoom) -> None:
    brick, sofa = read_materials()["red-brick"].finish, Finish(name="blue", pattern=Pattern.PLAIN, color="#204080")
    wishes = {SurfaceName.WALL: brick, SurfaceName.CABINET: sofa, SurfaceName.BED: sofa}
    choice = named(choose(asked(drawn_room, wishes), 0), wishes, seed=0)
    assert (choice.paint.color, choice.paint.pattern) == (brick.color, Pattern.PLAIN)
    assert choice.wood == choice.cabinet == choice.bedding == sofa


@pytest.mark.parametrize("name", read_materials())
def test_materials_are_whole_and_their_thumbnails_fresh(name: str) -> None:
    material = read_materials()[name]
    assert set(material.surfaces) <= {SurfaceName.WALL, SurfaceName.FLOOR}, "no others show a pattern"
    with Image.open(io.BytesIO(material.thumbnail)) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    with Image.open(io.BytesIO(materials.drawn(material.finish))) as picture:
        fresh = np.asarray(picture.convert("RGB")).astype(int)
    assert np.abs(pixels - fresh).mean() < 1, "run `make materials`"
    assert len(material.thumbnail) < 4096
