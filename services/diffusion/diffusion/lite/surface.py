"""Which part of a region is sure enough to be repainted."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.lite.canvas import Canvas
from diffusion.lite.labels import Label
from diffusion.lite.morphology import Bits, bits, share_of
from servicekit.imaging.arrays import Floats, floats
from servicekit.imaging.resizing import reduced

LEAST_AREA: Final = 0.002
"""Share of the picture below which a region is not worth the risk."""
LEAST_PART: Final = 0.0005
"""The same for one of its connected parts."""
LEAST_CONFIDENCE: Final = 0.4
"""Mean over a connected part; a part whose label is less sure stays as it is."""
SIDE: Final = 320
"""Long side, in pixels, at which parts are told apart."""


def confident_mask(canvas: Canvas, region: Label) -> Bits | None:
    """H×W, 1 where the region is sure; None where nothing of it is. What is not sure is noted if it is large."""
    uncertain = canvas.scene.layout.uncertain
    if uncertain is not None and share_of(uncertain_here := bits(uncertain == region)) >= LEAST_AREA:
        canvas.record(region, uncertain_here, "")
    whole = canvas.scene.layout.mask(region)
    if share_of(whole) < LEAST_AREA:
        return None
    mask = _sure_parts(whole, canvas.scene.layout.confidence)
    if share_of(mask) < LEAST_AREA:
        canvas.record(region, whole, "")
        return None
    return mask


def connected_parts(mask: Bits) -> tuple[int, NDArray[np.int32]]:
    """Number of connected parts, and H×W their numbers from 1 on, 0 outside; parts are told apart at SIDE."""
    small = reduced(mask, SIDE, nearest=True)
    count, numbers = cv2.connectedComponents(small, connectivity=4)
    own = floats(numbers)
    # a fine border lies up to a coarse pixel and a half outside of the coarse part
    around = cv2.dilate(own, np.ones((5, 5), dtype=np.uint8))
    full = cv2.resize(np.where(own > 0, own, around), mask.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return count - 1, np.asarray(full, dtype=np.int32) * mask


def _sure_parts(whole: Bits, confidence: Floats) -> Bits:
    """The connected parts that are large and sure enough."""
    small = reduced(whole, SIDE, nearest=True)
    votes = reduced(confidence, SIDE, nearest=True)
    count, numbers, stats, _centres = cv2.connectedComponentsWithStats(small, connectivity=4)
    total = np.bincount(numbers.ravel(), weights=votes.ravel(), minlength=count)
    area = np.maximum(stats[:, cv2.CC_STAT_AREA], 1)
    good = (total / area >= LEAST_CONFIDENCE) & (area >= LEAST_PART * small.size)
    good[0] = False
    sure_ones = cv2.dilate(good[numbers].astype(np.uint8), np.ones((3, 3), dtype=np.uint8))
    return np.asarray(cv2.resize(sure_ones, whole.shape[::-1], interpolation=cv2.INTER_NEAREST) * whole, dtype=np.uint8)
