"""Masks that can be used as they are: one object without holes, specks or frayed borders."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detection.domain import Box
from servicekit.imaging.arrays import Mask

MIN_PART: Final = 0.05
"""Parts smaller than this share of the largest are noise; larger ones are the same thing behind something else."""
MAX_HOLE: Final = 0.02
"""Holes smaller than this share of the mask are filled; larger ones are real, as under a table."""
SMOOTHING: Final = 0.004
"""Radius of what is smoothed away, as a share of the box's shorter side."""


def cleaned(mask: Mask, box: Box) -> Mask:
    """The mask inside its box, cleaned; the whole box where nothing is left of it.

    A mask that is too large does less harm than none: more of the photo is kept as it is.
    """
    height, width = mask.shape
    left, top = max(0, int(box.left)), max(0, int(box.top))
    right, bottom = min(width, int(np.ceil(box.right))), min(height, int(np.ceil(box.bottom)))
    whole = np.zeros_like(mask)
    part = _without_small_parts(_smoothed(mask[top:bottom, left:right].astype(np.uint8)))
    whole[top:bottom, left:right] = _filled(part) if part.any() else True
    return whole


def _smoothed(part: NDArray[np.uint8]) -> NDArray[np.uint8]:
    radius = round(SMOOTHING * min(part.shape)) if part.size else 0
    if radius < 1:
        return part
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    padded = cv2.copyMakeBorder(part, radius, radius, radius, radius, cv2.BORDER_REPLICATE)
    opened = cv2.morphologyEx(cv2.morphologyEx(padded, cv2.MORPH_OPEN, kernel), cv2.MORPH_CLOSE, kernel)
    return np.asarray(opened[radius:-radius, radius:-radius], dtype=np.uint8)


def _without_small_parts(part: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if not part.any():
        return part
    _count, components, stats, _centres = cv2.connectedComponentsWithStats(part, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    return np.asarray((areas >= MIN_PART * areas.max())[components] & (components > 0), dtype=np.uint8)


def _filled(part: NDArray[np.uint8]) -> Mask:
    _count, components, stats, _centres = cv2.connectedComponentsWithStats(1 - part, connectivity=4)
    height, width = part.shape
    left, top = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_TOP]
    right, bottom = left + stats[:, cv2.CC_STAT_WIDTH], top + stats[:, cv2.CC_STAT_HEIGHT]
    inside = (left > 0) & (top > 0) & (right < width) & (bottom < height)
    small = inside & (stats[:, cv2.CC_STAT_AREA] < MAX_HOLE * part.sum())
    small[0] = False  # component 0 is the mask itself
    filled: Mask = part.astype(np.bool_) | small[components]
    return filled
