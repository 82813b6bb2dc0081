"""Pictures and planes brought down to the size that they are worked on at."""

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from servicekit.imaging.sizes import bounded_size

Number = TypeVar("Number", np.uint8, np.float32)


def reduced(plane: NDArray[Number], long_side: int, *, nearest: bool = False, least: int = 1) -> NDArray[Number]:
    """An H×W or H×W×C plane with its longer side at most `long_side` pixels and neither side below `least`.

    By area average, or by the nearest pixel for labels. A plane that is small enough comes back itself.
    """
    height, width = plane.shape[:2]
    size = bounded_size(width, height, long_side, least=least)
    if size == (width, height):
        return plane
    interpolation = cv2.INTER_NEAREST if nearest else cv2.INTER_AREA
    return np.asarray(cv2.resize(plane, size, interpolation=interpolation), dtype=plane.dtype)
