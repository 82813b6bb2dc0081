"""Working sizes: what need not be sharp is computed small."""

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.lite.arrays import floats

Number = TypeVar("Number", np.uint8, np.float32)


def reduced(plane: NDArray[Number], side: int, *, nearest: bool = False) -> NDArray[Number]:
    """The picture with its long side at most `side`, by area average, or by nearest pixel for labels."""
    height, width = plane.shape[:2]
    scale = min(1.0, side / max(height, width))
    if scale == 1.0:
        return plane
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_NEAREST if nearest else cv2.INTER_AREA
    return np.asarray(cv2.resize(plane, size, interpolation=how), dtype=plane.dtype)


def enlarged(plane: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The picture at a height and width, bilinear."""
    if plane.shape[:2] == shape[:2]:
        return plane
    return floats(cv2.resize(plane, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR))
