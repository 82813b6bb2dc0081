"""The arrays that everything here is made of."""

from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float32]
"""Linear light, L*a*b*, shares, metres: the docstring says what, and the shape."""
Bits: TypeAlias = NDArray[np.uint8]
"""H×W, 1 inside of a mask and 0 outside; or labels."""


def share_of(mask: Bits) -> float:
    """Share of the picture, 0–1, inside of a mask."""
    return cv2.countNonZero(mask) / mask.size


def floats(values: ArrayLike | NDArray[Any]) -> Floats:
    """The values in single precision; no copy where they are in it already."""
    return np.asarray(values, dtype=np.float32)
