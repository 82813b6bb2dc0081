"""Working sizes: what need not be sharp is computed small."""

from typing import Final, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.lite.arrays import floats

Number = TypeVar("Number", np.uint8, np.float32)

ROW: Final = 1024
"""Points in a row of the picture that a list of points is made, since OpenCV's maps end at 32,767."""


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


def sampled(plane: NDArray[np.float32], index: NDArray[np.intp], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """N×C, `enlarged` to a height and width but only at N positions in that flattened picture."""
    rows, columns = np.divmod(index, shape[1])
    x = (columns + 0.5) * (plane.shape[1] / shape[1]) - 0.5
    y = (rows + 0.5) * (plane.shape[0] / shape[0]) - 0.5
    padding = -len(index) % ROW
    over, down = (np.pad(floats(axis), (0, padding)).reshape(-1, ROW) for axis in (x, y))
    points = cv2.remap(plane, over, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return floats(points).reshape(rows.size + padding, -1)[: len(index)]
