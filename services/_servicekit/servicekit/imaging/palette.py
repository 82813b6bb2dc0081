"""The main colours of a picture, by clustering."""

import cv2
import numpy as np
from numpy.typing import NDArray

from servicekit.imaging.arrays import RGB, Floats, Mask, floats
from servicekit.imaging.colour import lab, linear
from servicekit.imaging.resizing import reduced


def sampled_lab(picture: RGB, long_side: int, *, without: Mask | None = None) -> Floats:
    """N×3 L*a*b* of the picture's pixels at no more than `long_side`; those of a mask (H×W) are left out."""
    pixels = lab(linear(reduced(picture, long_side).reshape(-1, 3)))
    if without is None:
        return pixels
    return floats(pixels[reduced(without.astype(np.uint8), long_side, nearest=True).ravel() == 0])


def clusters(pixels: Floats, count: int, *, iterations: int, precision: float) -> tuple[Floats, NDArray[np.float64]]:
    """The centres (K×3) of `count` k-means clusters of N×3 L*a*b* pixels, N ≥ `count`, and the share of each, 0–1.

    Deterministic: begun from equal shares of the pixels by lightness, which needs no random numbers. Ends after
    `iterations`, or once the centres move by less than `precision`.
    """
    if count == 1:  # also because OpenCV takes one pixel's three numbers for three pixels
        return floats(pixels.mean(axis=0, keepdims=True)), np.ones(1)
    labels = np.empty((len(pixels), 1), np.int32)
    labels[np.argsort(pixels[:, 0], kind="stable"), 0] = np.arange(len(pixels)) * count // len(pixels)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, iterations, precision)
    _compactness, found, centres = cv2.kmeans(pixels, count, labels, criteria, 1, cv2.KMEANS_USE_INITIAL_LABELS)
    return floats(centres), np.bincount(found.ravel(), minlength=count) / len(pixels)
