"""Depth that agrees with the surfaces: planes seen by a level camera, and objects that stand on the floor.

A point of the floor `d` rows below the horizon has an inverse depth proportional to `d`; the ceiling mirrors it. Walls
and objects take it over from where they meet the floor. Where the floor cannot be seen, what is usual in photos of
rooms stands in: near below, far at the eye's level.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from roomnet.horizon import Horizon
from roomnet.picture import Plane
from roomnet.vocabulary import Surface

CEILING_RATIO: Final = 0.8
"""Height of the camera over that of the ceiling above it: about 1.2 m against 1.4 m."""
FAR: Final = 0.12
"""Smallest inverse depth, where that of the picture's bottom row is about 0.55: rooms have an end."""


def inverse_depth(surfaces: NDArray[np.uint8], horizon: Horizon) -> Plane:
    """H×W inverse depth up to scale, from a map of Surface values: near is large."""
    height, width = surfaces.shape
    rows = (np.arange(height, dtype=np.float32) + 0.5) / height
    below = np.clip(rows - horizon.row, 0, None)[:, None]
    above = np.clip(horizon.row - rows, 0, None)[:, None] * CEILING_RATIO
    usual = np.repeat(FAR + 0.12 + 0.45 * below + 0.10 * above, width, axis=1).astype(np.float32)

    floor = np.maximum(FAR, np.repeat(below, width, axis=1))
    ceiling = np.maximum(FAR, np.repeat(above, width, axis=1))
    result = usual.copy()
    upright = surfaces != Surface.FLOOR
    standing = _standing(surfaces, upright, rows, horizon, usual)
    result[upright] = standing[upright]
    result = np.where(surfaces == Surface.CEILING, ceiling, result)
    result = np.where(surfaces == Surface.FLOOR, floor, result)
    mixed = (0.5 * result + 0.5 * usual).astype(np.float32)
    return np.asarray(cv2.bilateralFilter(mixed, 7, 0.08, 4), dtype=np.float32)


def _standing(
    surfaces: NDArray[np.uint8], upright: NDArray[np.bool_], rows: NDArray[np.float32], horizon: Horizon, usual: Plane
) -> Plane:
    """Inverse depth of upright things: that of the floor right below them in their column, else the usual one."""
    height, width = surfaces.shape
    depth = usual.copy()
    foot = np.full(width, np.nan, dtype=np.float32)
    for row in range(height - 1, -1, -1):
        on_floor = ~upright[row]
        foot = np.where(on_floor, rows[row] - horizon.row, foot)
        stands = upright[row] & ~np.isnan(foot)
        depth[row] = np.where(stands, np.maximum(FAR, foot), depth[row])
    return depth
