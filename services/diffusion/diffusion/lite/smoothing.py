"""Edge-keeping smoothing inside of a mask: the guided filter.

He, Sun and Tang, "Guided Image Filtering", ECCV 2010, with the picture as its own guide and every mean taken over the
mask alone, so that nothing beyond the border bleeds in.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from servicekit.imaging.arrays import Floats, floats


def smooth(plane: Floats, weight: Floats, radius: int, epsilon: float) -> Floats:
    """H×W smoothed over `radius` pixels where it varies by less than the root of `epsilon`; steps beyond stay.

    `weight` is 0–1; where it is 0 all around, the result is the plane itself.
    """
    size = (2 * radius + 1, 2 * radius + 1)

    def box(values: NDArray[np.floating]) -> Floats:
        blurred = cv2.boxFilter(values, cv2.CV_32F, size, borderType=cv2.BORDER_REFLECT)
        return floats(blurred)

    total = np.maximum(box(weight), 1e-4)
    mean = box(plane * weight) / total
    variance = np.maximum(box(plane * plane * weight) / total - mean * mean, 0.0)
    slope = variance / (variance + epsilon)
    offset = (1.0 - slope) * mean
    smoothed = box(slope * weight) / total * plane + box(offset * weight) / total
    return floats(np.where(box(weight) > 1e-4, smoothed, plane))
