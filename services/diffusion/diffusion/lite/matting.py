"""From a rough mask to one that follows the photo's edges and ends within two or three pixels."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]


def feather(mask: NDArray[np.uint8], width: float) -> Floats:
    """H×W 0/1 to a share of 0–1 that falls over about `width` pixels on either side of the border."""
    size = 2 * max(1, round(width)) + 1
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (size, size), width / 2), dtype=np.float32)
