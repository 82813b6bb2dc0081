"""The depth control map: inverse depth, min–max normalised, near is bright."""

import numpy as np
from numpy.typing import NDArray

from servicekit.imaging.arrays import Grey


def draw(inverse_depth: NDArray[np.float32]) -> Grey:
    """Grey map of an H×W inverse depth; 0 everywhere where all is equally far."""
    near, far = float(inverse_depth.max()), float(inverse_depth.min())
    if near <= far:
        return np.zeros(inverse_depth.shape, dtype=np.uint8)
    return np.asarray(np.rint((inverse_depth - far) * (255 / (near - far))), dtype=np.uint8)
