"""Working sizes: what need not be sharp is computed small."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from servicekit.imaging.arrays import floats

ROW: Final = 1024
"""Points in a row of the picture that a list of points is made, since OpenCV's maps end at 32,767."""


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
