"""A region split at the photo's edges: walls at their corners, fronts from what is built in between."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.lite.morphology import Bits, opened
from servicekit.imaging.arrays import Floats, floats

LEAST: Final = 0.004
"""Share of the photo that a segment has at least; what is smaller goes to its neighbours."""
BUSY: Final = 2
"""Radius in pixels within which a pattern has edges everywhere."""

Numbers = NDArray[np.int32]


def edge_segments(region: Bits, edges: Bits, lab: Floats) -> Numbers:
    """h×w numbers from 1 on, 0 outside of the region; `edges` is h×w, 1 on edges, `lab` h×w×3.

    Calm parts, and parts full of edges, are grown until they meet: a watershed (Meyer, "Color image segmentation", ICIP
    1992).
    """
    calm = _large(region & (1 - edges))
    busy = _large(opened(region & edges, BUSY)) * (calm == 0)
    markers = np.where(busy > 0, busy + calm.max(), calm)
    count = int(markers.max())
    if count <= 1:
        return np.asarray(cv2.connectedComponents(region, connectivity=4)[1], dtype=np.int32)
    markers = np.where(region > 0, markers, count + 1).astype(np.int32)
    shown = np.clip(lab * floats([2.55, 2.0, 2.0]) + floats([0.0, 128.0, 128.0]), 0, 255).astype(np.uint8)
    flooded = cv2.watershed(shown, markers)
    # the lines between segments, marked -1, go to a neighbour; crumbs that no segment touches are one of their own
    flooded = np.where(flooded > count, -1, flooded)
    around = cv2.dilate(flooded.astype(np.float32), np.ones((3, 3), dtype=np.uint8))
    reached = np.maximum(np.where(flooded > 0, flooded, around), 0)
    return np.asarray(np.where(reached > 0, reached, count + 1) * region, dtype=np.int32)


def _large(mask: Bits) -> Numbers:
    """h×w numbers from 1 on of the connected parts that are large enough."""
    _count, numbers, stats, _centres = cv2.connectedComponentsWithStats(mask, connectivity=4)
    large = stats[:, cv2.CC_STAT_AREA] >= LEAST * mask.size
    large[0] = False
    return np.asarray((np.cumsum(large) * large)[numbers], dtype=np.int32)


def mean_colours(numbers: Numbers, lab: Floats) -> Floats:
    """N×3, the mean colour of each segment by its number, from h×w×3 L*a*b*; 0 is what is outside of all."""
    size = np.maximum(np.bincount(numbers.ravel()), 1)
    flat = lab.reshape(-1, 3)
    return floats(np.stack([np.bincount(numbers.ravel(), weights=flat[:, one]) / size for one in range(3)], axis=1))


def merge_by_colour(numbers: Numbers, lab: Floats, distance: float) -> Numbers:
    """The segments renumbered from 1 on, all that are within a distance of a larger one's colour under its number."""
    size = np.bincount(numbers.ravel())
    size[0] = 0
    mean = mean_colours(numbers, lab)
    group = np.zeros(len(size), dtype=np.int32)
    heads: list[int] = []
    for segment in np.argsort(-size, kind="stable"):
        if not size[segment]:
            break
        away = [float(np.linalg.norm(mean[segment] - mean[head])) for head in heads]
        if not away or min(away) > distance:
            heads.append(int(segment))
            away.append(0.0)
        group[segment] = int(np.argmin(away)) + 1
    return np.asarray(group[numbers], dtype=np.int32)
