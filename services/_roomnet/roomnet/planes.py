"""Depth that follows from the surfaces alone: planes seen by a level camera, and objects that stand on the floor.

A point of the floor `d` rows below the horizon has an inverse depth proportional to `d`; the ceiling mirrors it. A wall
has the inverse depth of the place where it meets the floor, and so has an object. A prior, near below and far at the
horizon, is mixed in: it replaces what is missing where no contact with the floor can be seen, and limits the effect of
wrong labels.
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
PRIOR_WEIGHT: Final = 0.5
"""Of the prior, against the planes."""
MIN_CONTACT: Final = 0.3
"""Share of an object's width that must touch the floor for its contact to count."""
SMOOTHING: Final = 0.03
"""Of lines along which objects and walls meet the floor, as a share of the width."""


def inverse_depth(surfaces: NDArray[np.uint8], horizon: Horizon) -> Plane:
    """H×W inverse depth up to scale, from a map of Surface values: near is large."""
    height, width = surfaces.shape
    rows = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None]
    below = np.clip(rows - horizon.row, 0, None)
    above = np.clip(horizon.row - rows, 0, None) * CEILING_RATIO
    prior = np.repeat(FAR + 0.12 + 0.45 * below + 0.10 * above, width, axis=1)
    walls = _wall_line(surfaces, below[:, 0])
    result = np.where(np.isnan(walls)[None], prior, walls[None])
    result = np.where(surfaces == Surface.CEILING, above, result)
    result = np.where(surfaces == Surface.FLOOR, below, result)
    result = with_contact_depth(result, surfaces, share=1.0)
    mixed = (1 - PRIOR_WEIGHT) * np.maximum(FAR, result) + PRIOR_WEIGHT * prior
    return np.asarray(cv2.bilateralFilter(mixed.astype(np.float32), 7, 0.08, 4), dtype=np.float32)


def with_contact_depth(depth: Plane, surfaces: NDArray[np.uint8], *, share: float) -> Plane:
    """H×W inverse depth, in which every object on the floor has `share` of the depth where it stands.

    A piece of furniture is about as far away as the floor that it stands on.
    """
    result = depth.astype(np.float32)
    on_floor = np.zeros(surfaces.shape, dtype=bool)
    on_floor[:-1] = surfaces[1:] == Surface.FLOOR
    _count, numbers, stats, _centres = cv2.connectedComponentsWithStats((surfaces == Surface.OBJECT).astype(np.uint8))
    for number, (left, top, width, height, _area) in enumerate(stats):
        if number == 0:
            continue  # the background
        window = np.s_[top : top + height, left : left + width]
        inside = numbers[window] == number
        feet = inside & on_floor[window]
        columns = np.flatnonzero(feet.any(axis=0))
        if len(columns) < MIN_CONTACT * width:
            continue
        lowest = top + height - 1 - feet[::-1].argmax(axis=0)[columns]
        line = _smoothed(columns, depth[lowest + 1, left + columns], width, surfaces.shape[1])
        result[window][inside] = ((1 - share) * depth[window] + share * line[None])[inside]
    return result


def _wall_line(surfaces: NDArray[np.uint8], below: Plane) -> Plane:
    """Inverse depth of the wall in every column, all NaN where too little of a wall is seen to meet the floor."""
    width = surfaces.shape[1]
    meets = (surfaces[:-1] == Surface.WALL) & (surfaces[1:] == Surface.FLOOR)
    columns = np.flatnonzero(meets.any(axis=0))
    if len(columns) < 0.05 * width:
        return np.full(width, np.nan, dtype=np.float32)
    first = meets.argmax(axis=0)[columns]
    return _smoothed(columns, below[first + 1], width, width)


def _smoothed(columns: NDArray[np.intp], values: Plane, length: int, width: int) -> Plane:
    """A line known at some columns, continued to all of `length` and smoothed."""
    line = np.interp(np.arange(length), columns, values).astype(np.float32)
    sigma = max(1.0, SMOOTHING * width)
    return np.asarray(cv2.GaussianBlur(line[None], (0, 0), sigma)[0], dtype=np.float32)
