"""Masks grown, shrunk and measured: mathematical morphology (Serra, Image Analysis and Mathematical Morphology, 1982).

Masks are H×W, 1 inside; `radius` is in pixels, and the window is a square of 2 × radius + 1.
"""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Bits: TypeAlias = NDArray[np.uint8]
"""H×W, 1 inside of a mask and 0 outside; or labels."""


def bits(mask: ArrayLike) -> Bits:
    """The mask, true or not 0 inside, as 0 and 1."""
    return np.asarray(mask, dtype=np.uint8)


def share_of(mask: Bits) -> float:
    """Share of the picture, 0–1, inside of a mask."""
    return cv2.countNonZero(mask) / mask.size


def grown(mask: Bits, radius: int) -> Bits:
    """With all that is within `radius` of it."""
    return bits(cv2.dilate(mask, _square(radius)))


def opened(mask: Bits, radius: int) -> Bits:
    """Without what is thinner than the window."""
    return bits(cv2.morphologyEx(mask, cv2.MORPH_OPEN, _square(radius)))


def _square(radius: int) -> Bits:
    return np.ones((2 * radius + 1, 2 * radius + 1), dtype=np.uint8)
