"""The colours and the light of a picture whose look is wanted."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from diffusion.domain import Restyling
from diffusion.lite.choice import choose
from diffusion.lite.style_photo import MOST, MOST_COLOURS, SAME, look_of, with_look
from diffusion.styles import read_styles
from servicekit.imaging import colour
from servicekit.imaging.arrays import RGB


def picture(*colours: tuple[int, int, int], noise: float = 3.0) -> RGB:
    """Upright stripes of equal width, with the grain of a camera."""
    stripes = np.repeat(np.array(colours, dtype=np.float64)[None], 60, axis=0).repeat(100 // len(colours), axis=1)
    grain = np.random.default_rng(1).normal(0, noise, stripes.shape)
    return np.clip(stripes + grain, 0, 255).astype(np.uint8)


def nearest(palette: tuple[str, ...], wanted: tuple[int, int, int]) -> float:
    lab = colour.lab(colour.linear(np.array([wanted], dtype=np.uint8)))
    return float(colour.delta_e(colour.lab_of_hex(palette), lab).min())


def restyling(style_image: RGB | None, **changes: Any) -> Restyling:
    return Restyling(
        photo=np.full((48, 64, 3), 120, dtype=np.uint8),
        style=read_styles()["modern"],
        strength=0.9,
        seed=3,
        style_image=style_image,
        **changes,
    )


def test_its_main_colours_are_found_and_told_apart() -> None:
    wanted = ((228, 224, 214), (62, 92, 74), (176, 120, 70))
    palette = look_of(picture(*wanted)).palette
    assert 3 <= len(palette) <= MOST_COLOURS
    assert all(nearest(palette, one) < 6 for one in wanted)
    lab = colour.lab_of_hex(palette)
    apart = colour.delta_e(lab[:, None], lab[None]) + 100 * np.eye(len(lab))
    assert apart.min() >= SAME - 1


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_of_one_colour_has_one(level: int) -> None:
    look = look_of(np.full((40, 30, 3), level, dtype=np.uint8))
    assert len(look.palette) == 1
    assert nearest(look.palette, (level, level, level)) < 2


def test_light_is_measured_in_the_right_direction() -> None:
    grey = ((200, 200, 200), (150, 150, 150), (90, 90, 90))
    usual = look_of(picture(*grey)).light
    warm = look_of(picture(*((red, red - 25, red - 60) for red, _, _ in grey))).light
    dark = look_of(picture(*((red // 2,) * 3 for red, _, _ in grey))).light
    hard = look_of(picture((250, 250, 250), (20, 20, 20))).light
    vivid = look_of(picture((200, 40, 40), (40, 160, 60), (40, 60, 200))).light
    assert warm.warmth > usual.warmth
    assert dark.exposure < usual.exposure
    assert hard.contrast > usual.contrast
    assert vivid.saturation > usual.saturation
    for light in (usual, warm, dark, hard, vivid):
        assert max(abs(value) for value in (light.warmth, light.exposure, light.contrast, light.saturation)) <= MOST


def test_a_request_takes_them_and_the_callers_palette_goes_first() -> None:
    look = picture((228, 224, 214), (62, 92, 74))
    taken = with_look(restyling(look))
    assert taken.palette == look_of(look).palette
    assert taken.style.light == look_of(look).light
    assert with_look(restyling(look, palette=("#112233",))).palette == ("#112233",)
    plain = restyling(None)
    assert with_look(plain) is plain


def test_photos_of_one_room_get_the_same_finishes() -> None:
    """The group of the gateway: the same request but for the photo."""
    look = picture((228, 224, 214), (62, 92, 74), (176, 120, 70))
    one = with_look(restyling(look))
    other = replace(one, photo=np.random.default_rng(2).integers(0, 255, (60, 80, 3)).astype(np.uint8))
    assert choose(one, 0) == choose(other, 0)
    assert choose(one, 0) != choose(replace(one, seed=4), 1)
