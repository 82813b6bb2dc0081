"""Depth as the network sees it, at the photo's size."""

from typing import Final

import numpy as np

from roomnet import refinement
from roomnet.picture import Plane

FARTHEST: Final = 0.1
"""Inverse depth of the farthest point, where the mean deviation is about 1: it has to be positive."""


def fitted(inverse_depth: Plane, shape: tuple[int, int]) -> Plane:
    """H×W positive inverse depth."""
    lifted = inverse_depth - float(inverse_depth.min()) + FARTHEST
    return refinement.enlarged(np.ascontiguousarray(lifted), shape)
