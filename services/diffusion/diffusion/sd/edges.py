"""Edges of a photo as ControlNet's authors draw them (Canny, PAMI 1986)."""

from typing import Final

import cv2
import numpy as np

from servicekit.imaging.arrays import RGB, Grey

THRESHOLDS: Final = (100, 200)
"""Lower and upper, on |∂x| + |∂y| of the channel that changes most: the reference annotator's."""


def draw_canny(photo: RGB) -> Grey:
    """H×W, 255 on an edge. Of the size that the UNet works at: a map that is shrunk to it is twice as dense."""
    return np.asarray(cv2.Canny(photo, *THRESHOLDS), dtype=np.uint8)
