"""The light of a photo, separated from its paint."""

import numpy as np
import pytest

from diffusion.lite import grading, light
from diffusion.styles import Light
from servicekit.imaging.arrays import floats


def test_new_paint_keeps_the_shading_and_never_clips() -> None:
    base = floats([0.4, 0.35, 0.3])
    shade = np.linspace(0.1, 6.0, 200, dtype=np.float32)[:, None]
    painted = light.lit(floats([0.8, 0.2, 0.05]), light.brightness(base * shade, base)[:, None])
    assert (np.diff(painted, axis=0) > 0).all()
    assert painted.max() < 1.0
    np.testing.assert_allclose(
        painted[shade[:, 0] < 1], floats([0.8, 0.2, 0.05]) * shade[shade < 1][:, None], rtol=0.02
    )


def test_highlights_of_dark_leather_do_not_grow_with_its_new_colour() -> None:
    white, leather = floats([0.7, 0.7, 0.7]), 0.03
    shade = floats([[1.0], [4.0]])
    matt, glossy = light.lit(white, shade), light.lit(white, shade, gloss=leather)
    assert (glossy[0] == matt[0]).all()
    assert 0.7 < glossy[1].max() < matt[1].min()


def test_the_lights_colour_comes_from_afar() -> None:
    base, mask = floats([0.4, 0.4, 0.4]), np.ones((64, 64), dtype=np.uint8)
    photo = np.broadcast_to(base, (64, 64, 3)).copy()
    photo[:, :32] *= floats([1.3, 1.0, 0.7])  # lamplight
    photo[31:33, 60] *= floats([1.6, 1.0, 0.5])  # a fringe
    cast = light.tint(photo, mask, base, amount=1.0)
    assert cast[32, 4, 0] > 1.2
    assert cast[32, 60, 0] < 1.05


def test_a_wall_is_reflected_by_what_is_not_white() -> None:
    photo = np.zeros((32, 32, 3), dtype=np.uint8)
    photo[:16], photo[16:] = 255, 110
    plain = grading.graded(photo, Light())
    warm = grading.graded(photo, Light(), floats([0.7, 0.4, 0.2]))
    assert warm[:16] == pytest.approx(plain[:16], abs=1e-3)
    assert warm[20, 4, 0] > 1.05 * plain[20, 4, 0]
    assert warm[20, 4, 2] < 0.95 * plain[20, 4, 2]
