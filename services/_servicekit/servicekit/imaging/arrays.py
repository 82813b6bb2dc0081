"""The arrays that pictures are handed around as. Rows come first: H is the height, W the width."""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

RGB: TypeAlias = NDArray[np.uint8]
"""H×W×3, sRGB, 0–255."""
Grey: TypeAlias = NDArray[np.uint8]
"""H×W, 0–255."""
Mask: TypeAlias = NDArray[np.bool_]
"""H×W, true inside."""
Floats: TypeAlias = NDArray[np.float32]
"""Linear light, L*a*b*, shares, metres: the docstring says what, and the shape."""


def floats(values: ArrayLike) -> Floats:
    """The values in single precision; no copy where they are in it already."""
    return np.asarray(values, dtype=np.float32)
