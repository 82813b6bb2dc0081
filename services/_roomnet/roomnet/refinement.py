"""From small soft maps to crisp regions that end where the photo's edges are."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from roomnet.picture import RGB, Plane

CRUMB: Final = 0.0008
"""Regions smaller than this share of the photo are given to what surrounds them."""
RADIUS: Final = 4
"""Of the guided filter, in working pixels."""
EPSILON: Final = 4e-4
"""Lightness variance (of 0–1) below which the guided filter averages."""


def follow_edges(soft: NDArray[np.float32], photo: RGB) -> NDArray[np.float32]:
    """Upsamples h×w×K probabilities to the photo's size along its edges: H×W×K.

    Fast guided filter (He & Sun, 2015): the linear model of each window is fitted at the small size, and applied to
    the photo's own lightness.
    """
    height, width = photo.shape[:2]
    small = (soft.shape[1], soft.shape[0])
    guide = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    reduced = cv2.resize(guide, small, interpolation=cv2.INTER_AREA)
    window = (2 * RADIUS + 1, 2 * RADIUS + 1)
    mean = cv2.boxFilter(reduced, -1, window)
    variance = cv2.boxFilter(reduced * reduced, -1, window) - mean * mean
    refined = np.empty((height, width, soft.shape[2]), dtype=np.float32)
    for channel in range(soft.shape[2]):
        plane = np.ascontiguousarray(soft[..., channel])
        average = cv2.boxFilter(plane, -1, window)
        slopes = (cv2.boxFilter(plane * reduced, -1, window) - average * mean) / (variance + EPSILON)
        offsets = average - slopes * mean
        steep = enlarged(cv2.boxFilter(slopes, -1, window), (height, width))
        refined[..., channel] = steep * guide + enlarged(cv2.boxFilter(offsets, -1, window), (height, width))
    return refined


def without_crumbs(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Labels (H×W) in which every region has a size worth mentioning; what was smaller takes a neighbour's label."""
    smooth = np.asarray(cv2.medianBlur(labels, 5), dtype=np.uint8)
    limit = max(16, int(CRUMB * labels.size))
    crumbs = np.zeros(labels.shape, dtype=bool)
    for label in np.unique(smooth):
        _count, regions, stats, _centres = cv2.connectedComponentsWithStats((smooth == label).astype(np.uint8))
        small = stats[:, cv2.CC_STAT_AREA] < limit
        small[0] = False
        crumbs |= small[regions]
    return nearest(smooth, crumbs)


def nearest(labels: NDArray[np.uint8], unknown: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Gives every unknown pixel the label of the nearest known one."""
    if not unknown.any() or unknown.all():
        return labels
    _distance, seeds = cv2.distanceTransformWithLabels(
        unknown.astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros(int(seeds.max()) + 1, dtype=np.uint8)
    table[seeds[~unknown]] = labels[~unknown]
    return np.where(unknown, table[seeds], labels)


def enlarged(plane: cv2.typing.MatLike, shape: tuple[int, int]) -> Plane:
    """A smooth plane at another size."""
    return np.asarray(cv2.resize(plane, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def enlarged_labels(labels: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Labels at another size."""
    return np.asarray(cv2.resize(labels, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST_EXACT), dtype=np.uint8)
