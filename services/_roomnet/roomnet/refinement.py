"""From small probability maps to regions that end at the photo's edges."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from roomnet.picture import RGB, Plane

RADIUS: Final = 4
"""Of the guided filter, in working pixels."""
EPSILON: Final = 4e-4
"""Lightness variance (of 0–1) below which the guided filter averages."""


def follow_edges(soft: NDArray[np.float32], photo: RGB) -> NDArray[np.float32]:
    """Upsamples K×h×w probabilities to the photo's size along its edges: K×H×W.

    Fast guided filter (He & Sun, 2015): the linear model of each window is fitted at the small size, and applied to
    the photo's own lightness.
    """
    shape = (photo.shape[0], photo.shape[1])
    guide = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    reduced = cv2.resize(guide, (soft.shape[2], soft.shape[1]), interpolation=cv2.INTER_AREA)
    window = (2 * RADIUS + 1, 2 * RADIUS + 1)
    mean = cv2.boxFilter(reduced, -1, window)
    variance = cv2.boxFilter(reduced * reduced, -1, window) - mean * mean
    refined = np.empty((len(soft), *shape), dtype=np.float32)
    for number, plane in enumerate(soft):
        average = cv2.boxFilter(plane, -1, window)
        slopes = (cv2.boxFilter(plane * reduced, -1, window) - average * mean) / (variance + EPSILON)
        offsets = average - slopes * mean
        steep = enlarged(cv2.boxFilter(slopes, -1, window), shape)
        np.multiply(steep, guide, out=refined[number])
        refined[number] += enlarged(cv2.boxFilter(offsets, -1, window), shape)
    return refined


def resized(soft: NDArray[np.float32], photo: RGB) -> NDArray[np.float32]:
    """K×h×w probabilities at the photo's size, whatever it shows: K×H×W."""
    return np.stack([enlarged(plane, (photo.shape[0], photo.shape[1])) for plane in soft])


def enlarged(plane: cv2.typing.MatLike, shape: tuple[int, int]) -> Plane:
    """A smooth plane at another size."""
    return np.asarray(cv2.resize(plane, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def enlarged_labels(labels: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Labels at another size."""
    return np.asarray(cv2.resize(labels, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST_EXACT), dtype=np.uint8)
