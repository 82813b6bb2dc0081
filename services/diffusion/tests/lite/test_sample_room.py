"""What the lite engine makes of the sample room, whose labels are true: figures that a picture worth looking at has."""

from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from diffusion.domain import Maps, Restyling, Result
from diffusion.lite.restyle import restyle
from diffusion.styles import read_styles
from servicekit.imaging import colour
from servicekit.imaging.arrays import RGB, Floats
from servicekit.inference.engine import EngineInfo
from servicekit.types import ade20k
from servicekit.types.rooms import RoomType

pytestmark = pytest.mark.slow  # restyles the sample room dozens of times

SAMPLE = Path(__file__).parents[4] / "tests" / "data" / "sample_room"
SIDE = 512
STYLES = read_styles()
CONTRACT = ("boho", "industrial", "minimalist", "modern", "scandinavian")
"""The styles that the contract names; the others are held apart by their palettes, which is faster."""
SEEDS = (1, 2)


@cache
def sample(style: str, seed: int, room_type: RoomType | None = RoomType.LIVING_ROOM) -> tuple[Restyling, Result]:
    photo = cv2.imread(str(SAMPLE / "photo.jpg"), cv2.IMREAD_COLOR_RGB)
    labels = cv2.imread(str(SAMPLE / "labels.png"), cv2.IMREAD_GRAYSCALE)
    assert photo is not None
    assert labels is not None
    size = (SIDE, round(SIDE * photo.shape[0] / photo.shape[1]))
    segmentation = np.asarray(cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
    asked = Restyling(
        photo=np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), dtype=np.uint8),
        style=STYLES[style],
        room_type=room_type,
        maps=Maps(segmentation=segmentation, confidence=np.full(segmentation.shape, 0.95, dtype=np.float32)),
        strength=1.0,
        seed=seed,
    )
    return asked, finished(asked)


def finished(asked: Restyling) -> Result:
    *_steps, last = restyle(asked, EngineInfo(name="lite"))
    assert isinstance(last, Result)
    return last


def lab(picture: RGB) -> Floats:
    return colour.lab(colour.linear(picture))


def repainted(result: Result) -> NDArray[np.bool_]:
    assert result.repainted is not None
    return np.asarray(result.repainted != ade20k.UNKNOWN, dtype=np.bool_)


@pytest.mark.parametrize("style", CONTRACT)
def test_the_rooms_edges_are_where_they_were(style: str) -> None:
    asked, result = sample(style, SEEDS[0])

    def edges(picture: RGB) -> Floats:
        lightness = cv2.GaussianBlur(np.ascontiguousarray(lab(picture)[..., 0]), (0, 0), 1.0)
        across, down = (cv2.Scharr(lightness, cv2.CV_32F, *direction) for direction in ((1, 0), (0, 1)))
        return np.asarray(cv2.magnitude(across, down), dtype=np.float32).ravel()

    assert np.corrcoef(edges(asked.photo), edges(result.images[0]))[0, 1] >= 0.7


@pytest.mark.parametrize("style", CONTRACT)
@pytest.mark.parametrize("seed", SEEDS)
def test_most_of_what_is_repainted_shows_the_palette(style: str, seed: int) -> None:
    _asked, result = sample(style, seed)
    wanted = colour.lab(np.stack([colour.from_hex(color) for color in STYLES[style].palette.colors]))
    found = lab(result.images[0])[repainted(result)][::5]
    nearest = np.min([colour.delta_e(found, color) for color in wanted], axis=0)
    assert (nearest <= 12.0).mean() >= 0.7


@pytest.mark.parametrize(("one", "other"), list(combinations(CONTRACT, 2)))
def test_no_two_styles_look_alike(one: str, other: str) -> None:
    (_, first), (_, second) = sample(one, SEEDS[0]), sample(other, SEEDS[0])
    area = repainted(first) | repainted(second)
    assert float(colour.delta_e(lab(first.images[0])[area], lab(second.images[0])[area]).mean()) >= 8.0


def test_what_is_behind_the_window_stays() -> None:
    asked, result = sample("boho", SEEDS[0])
    panes = np.asarray(asked.maps.segmentation == ade20k.index("windowpane"), dtype=np.uint8)
    inside = cv2.erode(panes, np.ones((7, 7), dtype=np.uint8)) > 0
    assert inside.any()
    assert (result.images[0][inside] == asked.photo[inside]).mean() > 0.99


@pytest.mark.parametrize(("style", "cladding"), [("modern", "walnut slats"), ("industrial", "old brick")])
def test_a_feature_is_on_one_wall_and_the_others_are_painted(style: str, cladding: str) -> None:
    for seed in range(8):
        _asked, result = sample(style, seed)
        walls = {surface.material for surface in result.manifest.surfaces if surface.label == "wall"}
        if cladding in walls:
            assert "plain paint" in walls
            return
    pytest.fail("no seed of eight chose it")


def test_the_dark_door_becomes_wood_where_white_would_be_grey() -> None:
    materials = {
        style: {surface.label: surface.material for surface in sample(style, SEEDS[0])[1].manifest.surfaces}["door"]
        for style in ("scandinavian", "industrial")
    }
    assert materials == {"scandinavian": "stained wood", "industrial": "trim lacquer"}


@pytest.mark.parametrize("room_type", [RoomType.LIVING_ROOM, RoomType.KITCHEN])
def test_nothing_is_added_to_the_room(room_type: RoomType) -> None:
    asked, result = sample("boho", SEEDS[0], room_type)
    assert asked.maps.segmentation is not None
    labels = {surface.label for surface in result.manifest.surfaces}
    assert "rug" not in labels or (asked.maps.segmentation == ade20k.index("rug")).any()


@pytest.mark.parametrize("style", CONTRACT)
def test_four_variants_are_four_pictures(style: str) -> None:
    asked, _ = sample(style, SEEDS[0])
    made = finished(replace(asked, variants=4))
    area = repainted(made)
    pixels = [lab(image)[area][::3] for image in made.images]
    apart = [float(colour.delta_e(one, other).mean()) for one, other in combinations(pixels, 2)]
    assert min(apart) >= 0.8, "a surface or two in another material"
    assert max(apart) >= 2.0
