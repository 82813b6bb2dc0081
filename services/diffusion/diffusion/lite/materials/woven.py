"""Textile surfaces seen from some distance: pile and weave."""

from typing import Final

import numpy as np

from diffusion.lite.materials import noise
from diffusion.lite.materials.texture import normalised
from servicekit.imaging.arrays import Floats, floats

SIDE: Final = 256
"""Pixels to a side: one metre."""


def pile(color: Floats, random: np.random.Generator) -> Floats:
    """Carpet: tufts, and the places where it was brushed the other way."""
    tufts = noise.field(SIDE, SIDE, along=3, across=3, roughness=1.2, seed=10)
    brushed = noise.field(SIDE, SIDE, along=200, across=200, roughness=2.6, seed=11)
    depth = np.roll(0.06 * tufts + 0.03 * brushed, random.integers(0, SIDE, 2), axis=(0, 1))
    return normalised(floats(color * np.exp(depth)[..., None]), color)
