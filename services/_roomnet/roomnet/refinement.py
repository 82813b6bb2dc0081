"""From small probability maps to regions that end at the photo's edges."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from roomnet.picture import RGB, Plane

MIN_REGION: Final = 0.0008
"""Regions smaller than this share of the photo get the label of what surrounds them."""
MAX_HOLE: Final = 0.01
"""Share of the photo above which a region is no hole in another."""
ENCLOSED: Final = 0.9
"""Share of its border that a hole must have with the region that it is in."""
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


def without_small_regions(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Labels (H×W) without regions below MIN_REGION; these get the label of their nearest neighbour."""
    smooth = np.asarray(cv2.medianBlur(labels, 5), dtype=np.uint8)
    limit = max(16, int(MIN_REGION * labels.size))
    tiny = np.zeros(labels.shape, dtype=bool)
    for label in np.unique(smooth):
        _count, regions, stats, _centres = cv2.connectedComponentsWithStats((smooth == label).astype(np.uint8))
        small = stats[:, cv2.CC_STAT_AREA] < limit
        small[0] = False
        tiny |= small[regions]
    return nearest(smooth, tiny)


def without_holes(labels: NDArray[np.uint8], fillable: Sequence[int]) -> NDArray[np.uint8]:
    """Labels (H×W) in which small regions of the fillable ones that lie within a single other one are given to it.

    A patch of wall in the middle of a bed is bed; a picture in the middle of a wall is none of the fillable.
    """
    filled = labels.copy()
    height, width = labels.shape
    for label in fillable:
        _count, regions, stats, _centres = cv2.connectedComponentsWithStats((labels == label).astype(np.uint8))
        for number in range(1, len(stats)):
            left, top, across, down, area = (int(value) for value in stats[number])
            inner = left > 0 and top > 0 and left + across < width and top + down < height
            if area > MAX_HOLE * labels.size or not inner:
                continue
            window = np.s_[top - 1 : top + down + 1, left - 1 : left + across + 1]
            inside = (regions[window] == number).astype(np.uint8)
            ring = (cv2.dilate(inside, np.ones((3, 3), dtype=np.uint8)) > inside) & (labels[window] != label)
            around, counts = np.unique(labels[window][ring], return_counts=True)
            if len(counts) and counts.max() >= ENCLOSED * counts.sum():
                filled[window][inside > 0] = around[counts.argmax()]
    return filled


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
