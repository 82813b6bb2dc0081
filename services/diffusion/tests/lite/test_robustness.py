"""Photos and maps that no room has: the lite engine must answer all of them, and the same way twice."""

from dataclasses import replace

import numpy as np
import pytest

from diffusion.domain import Maps, Restyling, Result, Tier
from diffusion.lite.morphology import Bits
from diffusion.lite.restyle import restyle
from diffusion.styles import read_styles
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import EngineInfo
from servicekit.types import ade20k
from servicekit.types.rooms import RoomType
from tests.fixtures.rooms import draw_room

STYLES = list(read_styles().values())
LABELS = ("wall", "floor", "ceiling", "windowpane", "door", "curtain", "sofa", "bed", "cushion", "rug", "cabinet")
SIZES = ((16, 16), (16, 400), (400, 16), (512, 64), (37, 211), (120, 90))

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("error")]


def photo(random: np.random.Generator, width: int, height: int) -> RGB:
    """Black, white, grey, noise in colour or without, or a room."""
    match random.integers(5):
        case 0:
            return np.full((height, width, 3), random.choice([0, 127, 255]), dtype=np.uint8)
        case 1:
            return random.integers(0, 256, (height, width, 3), dtype=np.uint8)
        case 2:
            return np.repeat(random.integers(0, 256, (height, width, 1), dtype=np.uint8), 3, axis=2)
        case _:
            return draw_room(width, height).photo


def segmentation(random: np.random.Generator, width: int, height: int) -> Bits | None:
    """None, one label for all, noise, or boxes of labels over each other."""
    labels = np.full((height, width), random.choice([ade20k.UNKNOWN, 0, 3, 7, 8, 149]), dtype=np.uint8)
    match random.integers(4):
        case 0:
            return None
        case 1:
            return random.integers(0, 150, (height, width), dtype=np.uint8)
        case 2:
            return labels
        case _:
            for name in random.choice(LABELS, 5):
                top, left = random.integers(height), random.integers(width)
                labels[top : top + random.integers(1, height + 1), left : left + random.integers(1, width + 1)] = (
                    ade20k.index(str(name))
                )
            return labels


def request(seed: int) -> Restyling:
    random = np.random.default_rng(seed)
    width, height = SIZES[random.integers(len(SIZES))]
    labels = segmentation(random, width, height)
    confidence = random.random((height, width)).astype(np.float32) if random.integers(2) else None
    room_types = [None, *RoomType]
    return Restyling(
        photo=photo(random, width, height),
        style=STYLES[random.integers(len(STYLES))],
        room_type=room_types[random.integers(len(room_types))],
        maps=Maps(segmentation=labels, confidence=confidence),
        keep=random.random((height, width)) < 0.3 if random.integers(2) else None,
        repaint_openings=bool(random.integers(2)),
        palette=("#FF0000", "#10A0F0") if random.integers(2) else (),
        strength=float(random.choice([0.5, 1.0])),
        seed=seed,
        tier=Tier.FAST,
    )


def answer(asked: Restyling) -> Result:
    *_steps, last = restyle(asked, EngineInfo(name="lite"))
    assert isinstance(last, Result)
    return last


@pytest.mark.parametrize("seed", range(60))
def test_any_photo_with_any_maps(seed: int) -> None:
    asked = replace(request(seed), repaint_openings=True)
    (first,), (second,) = answer(asked).images, answer(asked).images
    assert (first.shape, first.dtype.name) == (asked.photo.shape, "uint8")
    np.testing.assert_array_equal(first, second)
    if asked.keep is not None:
        np.testing.assert_array_equal(first[asked.keep], asked.photo[asked.keep])
    (untouched,) = answer(replace(asked, strength=0.0)).images
    np.testing.assert_array_equal(untouched, asked.photo)
