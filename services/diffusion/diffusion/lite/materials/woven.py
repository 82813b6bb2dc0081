"""Textile surfaces seen from some distance: pile and weave."""

from typing import Final

import numpy as np

from diffusion.lite.materials import noise
from diffusion.lite.materials.texture import PIXELS_PER_METRE, metres, normalised
from servicekit.imaging.arrays import Floats, floats

SIDE: Final = 256
"""Pixels to a side: one metre."""
BAND: Final = (0.1, 0.16)
"""Where a rug's band lies, metres from its edge."""
HEM: Final = 0.012
"""Width of a rug's bound edge in metres."""


def pile(color: Floats, random: np.random.Generator) -> Floats:
    """Carpet: tufts, and the places where it was brushed the other way."""
    tufts = noise.field(SIDE, SIDE, along=3, across=3, roughness=1.2, seed=10)
    brushed = noise.field(SIDE, SIDE, along=200, across=200, roughness=2.6, seed=11)
    depth = np.roll(0.06 * tufts + 0.03 * brushed, random.integers(0, SIDE, 2), axis=(0, 1))
    return normalised(floats(color * np.exp(depth)[..., None]), color)


def bordered(size: tuple[float, float], color: Floats, border: Floats, random: np.random.Generator) -> Floats:
    """A whole rug of rows and columns in metres: pile, a band along the edge and a bound hem."""
    rows, columns = (metres(side) for side in size)
    tufts = pile(color, random)
    albedo = np.tile(tufts, (-(-rows // SIDE), -(-columns // SIDE), 1))[:rows, :columns]
    down, over = np.arange(rows)[:, None], np.arange(columns)[None]
    edge = np.minimum(np.minimum(down, rows - 1 - down), np.minimum(over, columns - 1 - over)) / PIXELS_PER_METRE
    band = (edge > BAND[0]) & (edge < BAND[1])
    albedo[band] *= border / np.maximum(color, 1e-3)
    albedo[edge < HEM] *= 0.8
    return floats(np.clip(albedo, 0.0, 1.0))
