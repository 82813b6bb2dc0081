"""How well something tells the borders between surfaces from their insides, on photos with labels."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.eval_rooms.ground_truth import UNLABELLED

AWAY: Final = 4
"""Pixels from the nearest border at which a pixel counts as inside."""


def ranking(strength: NDArray[np.floating], surfaces: NDArray[np.uint8]) -> float:
    """Probability that a border is stronger than an inside: the area under the ROC (Hanley & McNeil, 1982).

    Both are H×W. A border is as strong as the strongest of its 3×3 pixels, since labels are drawn by hand; so is an
    inside. NaN where there is no border or nothing else.
    """
    unlike = np.zeros(surfaces.shape, dtype=bool)
    for axis in (0, 1):
        step = np.diff(surfaces.astype(np.int16), axis=axis) != 0
        unlike |= np.pad(step, [(0, 1) if one == axis else (0, 0) for one in (0, 1)])
    blank = cv2.dilate((surfaces == UNLABELLED).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    distance = cv2.distanceTransform((~(unlike | blank)).astype(np.uint8), cv2.DIST_L2, 3)
    border, inside = unlike & ~blank, (distance > AWAY) & ~blank
    if not border.any() or not inside.any():
        return float("nan")
    strongest = cv2.dilate(strength.astype(np.float32), np.ones((3, 3), np.uint8))
    high, low = strongest[border], np.sort(strongest[inside])
    below = np.searchsorted(low, high, side="left") + np.searchsorted(low, high, side="right")
    return float(below.mean() / (2 * len(low)))


def gradient(photo: NDArray[np.uint8]) -> NDArray[np.float32]:
    """H×W: the steepest slope of lightness and colour, by Sobel's filter: what there is to go by without a network."""
    lab = cv2.GaussianBlur(cv2.cvtColor(photo, cv2.COLOR_RGB2LAB), (0, 0), 1.0)
    across, down = (cv2.Sobel(lab, cv2.CV_32F, one, 1 - one) for one in (1, 0))
    steepest: NDArray[np.float32] = np.sqrt(across**2 + down**2).max(axis=2)
    return steepest
