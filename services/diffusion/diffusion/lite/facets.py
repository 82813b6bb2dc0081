"""What the photo's edges part a region into: walls at their corners, fronts from what is built in between."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.lite.arrays import Bits, Floats, floats
from diffusion.lite.morphology import bits

LEAST: Final = 0.004
"""Share of the photo that a facet has at least; what is smaller goes to the nearest."""

Numbers = NDArray[np.int32]


def facets(region: Bits, edges: Bits) -> Numbers:
    """h×w numbers from 1 on, 0 outside of the region; `edges` is h×w, 1 on edges, and each of their pixels goes to the
    facet nearest to it.
    """
    _count, numbers, stats, _centres = cv2.connectedComponentsWithStats(region & (1 - edges), connectivity=4)
    large = stats[:, cv2.CC_STAT_AREA] >= LEAST * region.size
    large[0] = False
    cores = bits(large[numbers])
    if not cores.any():
        return np.asarray(cv2.connectedComponents(region, connectivity=4)[1], dtype=np.int32)
    _distance, nearest = cv2.distanceTransformWithLabels(1 - cores, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_CCOMP)
    return np.asarray(nearest * region, dtype=np.int32)


def colours(numbers: Numbers, lab: Floats) -> Floats:
    """N×3, the mean colour of each facet by its number, from h×w×3 L*a*b*; 0 is what is outside of all."""
    size = np.maximum(np.bincount(numbers.ravel()), 1)
    flat = lab.reshape(-1, 3)
    return floats(np.stack([np.bincount(numbers.ravel(), weights=flat[:, one]) / size for one in range(3)], axis=1))


def of_one_colour(numbers: Numbers, lab: Floats, distance: float) -> Numbers:
    """The facets renumbered from 1 on, all that are within a distance of a larger one's colour under its number."""
    size = np.bincount(numbers.ravel())
    size[0] = 0
    mean = colours(numbers, lab)
    group = np.zeros(len(size), dtype=np.int32)
    heads: list[int] = []
    for facet in np.argsort(-size, kind="stable"):
        if not size[facet]:
            break
        away = [float(np.linalg.norm(mean[facet] - mean[head])) for head in heads]
        if not away or min(away) > distance:
            heads.append(int(facet))
            away.append(0.0)
        group[facet] = int(np.argmin(away)) + 1
    return np.asarray(group[numbers], dtype=np.int32)
