"""Every texture that a style names."""

import numpy as np
import pytest

from diffusion.lite.materials import catalogue
from diffusion.styles import read_styles
from servicekit.imaging import colour

STYLES = read_styles()

FINISHES = {
    finish.name: finish
    for style in STYLES.values()
    for materials in (style.materials, *(room.materials for room in style.rooms.values()))
    for finish in (*materials.wall, *materials.floor, *materials.rug)
}


@pytest.mark.parametrize("name", sorted(FINISHES))
def test_textures_repeat_without_a_seam_in_the_colour_asked_for(name: str) -> None:
    texture = catalogue.texture(FINISHES[name], 3)
    if texture is None:
        assert FINISHES[name].pattern in {"plain", "fabric", "leather", "wainscot"}
        return
    color = colour.from_hex(FINISHES[name].color)
    np.testing.assert_allclose(texture.albedo.mean(axis=(0, 1)), color, rtol=0.05)
    for axis in (0, 1):
        steps = np.abs(np.diff(texture.albedo, axis=axis)).mean(axis=(1 - axis, 2))
        seam = np.abs(np.take(texture.albedo, 0, axis) - np.take(texture.albedo, -1, axis)).mean()
        assert seam <= steps.max() * 1.25, "the seam is no more visible than the pattern's own joints"
