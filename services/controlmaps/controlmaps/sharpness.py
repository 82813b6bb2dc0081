"""Whether a result is as sharp as its original.

A blurred picture loses its finest detail first. Its share, the energy of the Laplacian (Pertuz et al., "Analysis of
focus measure operators", 2013) over that of the same picture smoothed, does not depend on contrast, which restyling
changes.
"""

from typing import Final

import cv2
import numpy as np

from servicekit.imaging.arrays import RGB

SMOOTHING: Final = 1.5
"""Standard deviation in pixels that separates fine detail from coarse."""
FLOOR: Final = 0.3
"""Energy of the Laplacian of a picture without detail (grey levels squared); keeps its share finite."""


def score(original: RGB, result: RGB) -> float:
    """1 where the result has at least as large a share of fine detail as the original, 0 where it has none."""
    return min(1.0, _fineness(result) / _fineness(original))


def _fineness(picture: RGB) -> float:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = cv2.Laplacian(grey, cv2.CV_32F)
    coarse = cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), SMOOTHING), cv2.CV_32F)
    return float(np.sqrt((np.mean(fine**2) + FLOOR) / (np.mean(coarse**2) + FLOOR)))
