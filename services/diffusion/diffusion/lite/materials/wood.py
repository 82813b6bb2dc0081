"""Wood: boards and blocks with grain, each cut from another place of the same tree."""

from functools import lru_cache
from typing import Final

import numpy as np

from diffusion.lite.materials import noise
from diffusion.lite.materials.texture import PIXELS_PER_METRE, normalised
from diffusion.lite.materials.units import Units
from servicekit.imaging.arrays import Floats, floats

TREE_ROWS: Final = 1024
TREE_COLUMNS: Final = 512
GAP: Final = 0.0025
"""Half the visible width of a joint, metres."""

ABSORPTION: Final = np.array([0.85, 1.0, 1.2], dtype=np.float32)
"""How much stronger dark grain is in each channel: late wood is browner, not greyer."""


def wood(units: Units, color: Floats, random: np.random.Generator, *, contrast: float = 0.11) -> Floats:
    """H×W×3 albedo; `contrast` is the deviation of the grain in log reflectance."""
    tree = _tree()
    tone = random.normal(0.0, 0.075, units.count).astype(np.float32)
    shift = random.integers(0, (TREE_ROWS, TREE_COLUMNS), (units.count, 2))
    rows = ((units.along * PIXELS_PER_METRE).astype(np.int32) + shift[units.piece, 0]) % TREE_ROWS
    columns = ((units.across * PIXELS_PER_METRE).astype(np.int32) + shift[units.piece, 1]) % TREE_COLUMNS
    depth = tone[units.piece] + contrast * tree[rows, columns]
    albedo = color * np.exp(depth[..., None] * ABSORPTION)
    joint = np.clip(units.edge / GAP, 0.0, 1.0)
    return normalised((albedo * (0.5 + 0.5 * joint[..., None])).astype(np.float32), color)


@lru_cache(maxsize=1)
def _tree() -> Floats:
    """Grain of mean 0 and deviation about 1: growth rings, slightly winding, and fibres along the rows."""
    size = (TREE_ROWS, TREE_COLUMNS)
    winding = noise.field(*size, along=700, across=120, roughness=3.0, seed=1)
    fibres = noise.field(*size, along=160, across=2.5, roughness=1.6, seed=2)
    over = np.arange(TREE_COLUMNS, dtype=np.float32) / TREE_COLUMNS
    rings = np.sin(2 * np.pi * (over[None] * 24 + 1.6 * winding))
    return floats(0.55 * rings * (0.7 + 0.3 * winding) + 0.75 * fibres)
