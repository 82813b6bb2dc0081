"""A material's albedo as a picture that repeats without a seam."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from servicekit.imaging.arrays import Floats, floats

PIXELS_PER_METRE: Final = 256
"""About what a camera at eye level sees of the floor at its feet, on a picture of 1024 pixels."""


@dataclass(frozen=True, kw_only=True)
class Texture:
    """A repeating patch of a flat surface."""

    albedo: Floats
    """H×W×3, linear reflectance 0–1; rows run along the surface's main direction, PIXELS_PER_METRE to a metre."""

    turn: float = 0.0
    """Angle in radians by which the pattern lies across the room's own directions."""


def normalised(albedo: Floats, color: Floats) -> Floats:
    """The picture scaled so that its mean is the colour that was asked for."""
    scaled = albedo * (color / np.maximum(albedo.mean(axis=(0, 1)), 1e-4))
    return floats(np.clip(scaled, 0.0, 1.0))


def metres(count: float) -> int:
    """A length in whole pixels, at least one."""
    return max(1, round(count * PIXELS_PER_METRE))
