"""Single surfaces: where they are, their words, and their colour, which is met whatever the model has drawn."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

from diffusion.domain import Maps, Restyling
from diffusion.materials import read_materials
from diffusion.sd import modes, surfaces
from diffusion.sd.options import Control, Structure
from diffusion.sd.prompts import prompts
from diffusion.styles import Finish, Pattern
from servicekit.errors import InvalidArgument
from servicekit.imaging import colour
from servicekit.types import ade20k
from servicekit.types.rooms import RoomType
from servicekit.types.surfaces import SurfaceName
from tools.gpu.requests import restyling

pytestmark = pytest.mark.slow  # imports torch

SAGE = Finish(name="paint #A3B18A", pattern=Pattern.PLAIN, color="#A3B18A")
OAK = read_materials()["oak-herringbone"].finish
WALL = np.s_[:32]
FLOOR = np.s_[32:]


def asked(**changes: Any) -> Restyling:
    segmentation = np.full((64, 64), ade20k.index("wall"), dtype=np.uint8)
    segmentation[FLOOR] = ade20k.index("floor")
    segmentation[:8, :8] = ade20k.index("column")
    segmentation[10:20, 10:20] = ade20k.index("windowpane")
    fields: dict[str, Any] = {
        "surfaces": {SurfaceName.WALL: SAGE},
        "maps": Maps(segmentation=segmentation),
        "strength": 1.0,
    }
    return replace(restyling(), **(fields | changes))


def test_openings_and_what_is_kept_are_no_part_of_a_surface() -> None:
    keep = np.zeros((64, 64), np.bool_)
    keep[:, 60:] = True
    (wall,) = surfaces.regions(asked(keep=keep)).values()
    meant = np.zeros((64, 64), np.bool_)
    meant[WALL] = True
    meant[:8, :8] = meant[10:20, 10:20] = meant[:, 60:] = False
    np.testing.assert_array_equal(wall, meant)
    kept = modes.kept(asked(keep=keep))
    assert kept is not None
    np.testing.assert_array_equal(kept, ~meant)
    assert Control.INPAINT in modes.recipe(asked(), Structure.LINES)
    assert surfaces.regions(asked(surfaces={SurfaceName.RUG: SAGE})) == {}
    with pytest.raises(InvalidArgument, match="segmentation"):
        surfaces.regions(asked(maps=Maps()))


def test_the_prompt_names_materials_and_no_style() -> None:
    both = asked(surfaces={SurfaceName.WALL: SAGE, SurfaceName.FLOOR: OAK}, room_type=RoomType.BEDROOM)
    positive, negative = prompts(both, "realistic-vision")
    assert positive.startswith("bedroom with sage green painted walls and oak herringbone floor, ")
    assert both.style.prompt.positive not in positive
    assert both.style.prompt.negative not in negative


@pytest.mark.parametrize("color", ["#FFFFFF", "#000000", "#C01010", "#A3B18A", "#101080"])
def test_the_mean_colour_is_met_whatever_was_drawn(color: str) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = asked(surfaces={SurfaceName.FLOOR: paint(color)})
    made = surfaces.coloured(whole, noise)
    np.testing.assert_array_equal(made[WALL], noise[WALL])
    reached = colour.lab(colour.linear(made[FLOOR].reshape(-1, 3))).mean(axis=0)
    assert float(colour.delta_e(reached, colour.lab_of_hex([color])[0])) < 6.0
    photo = surfaces.coloured(replace(whole, strength=0.0), whole.photo)
    assert np.abs(photo.astype(int) - whole.photo).max() <= 2


def paint(color: str) -> Finish:
    return Finish(name="paint", pattern=Pattern.PLAIN, color=color)
