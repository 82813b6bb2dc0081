"""What is better left alone: paint is risked where labels are sure, and elsewhere only as far as a budget goes.

With calibrated confidence the chance of painting what is something else is known beforehand, and taking the surest
first gives the most paint for it (selective classification: Geifman and El-Yaniv, NeurIPS 2017). It is decided by small
areas that end on the photo's edges, so that what is left alone does so too.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.lite.arrays import Bits, Floats
from diffusion.lite.morphology import bits
from diffusion.lite.regions import Region
from diffusion.lite.sizes import reduced

SURE: Final = 0.55
"""Confidence from which an area is always painted."""
LEAST: Final = 0.3
"""Confidence below which it never is."""
RISK: Final = 0.12
"""Share of the photo that may be painted wrongly, as expected by the confidence of all that is not sure.

The expectation is pessimistic: roomnet's labels are right more often than their confidence says once they follow edges.
With these limits `make eval-rooms` finds 4.8 % of real photos painted as what they are not, and 68 % painted."""
SIDE: Final = 256
"""Long side, in pixels, at which areas are told apart."""
AREA: Final = 10
"""Pixels from the middle of an area to the next."""
HOLE: Final = 0.012
"""Share of the photo up to which something unsure is painted with what is all around it."""
UNPAINTED: Final = (Region.OTHER, Region.WINDOW)


def unsure(labels: Bits, confidence: Floats, photo: Bits) -> Bits:
    """H×W, 1 where a label (values of Region) is too unsure to be painted by; photo is H×W×3."""
    small, names = reduced(photo, SIDE), reduced(labels, SIDE, nearest=True)
    trust = reduced(confidence, SIDE)
    paintable = ~np.isin(names, UNPAINTED)
    areas = _areas(small) * len(Region) + names
    size = np.bincount(areas.ravel())
    mean = np.bincount(areas.ravel(), weights=trust.ravel()) / np.maximum(size, 1)
    wanted = np.unique(areas[paintable])
    order = wanted[np.argsort(-mean[wanted], kind="stable")]
    risked = np.cumsum(np.where(mean[order] < SURE, (1.0 - mean[order]) * size[order], 0.0)) / names.size
    painted = np.zeros(len(size), dtype=bool)
    painted[order] = (mean[order] >= SURE) | ((risked <= RISK) & (mean[order] >= LEAST))
    doubtful = bits(paintable & ~painted[areas])
    left = _without_holes(doubtful, names)
    return bits(cv2.resize(left, labels.shape[::-1], interpolation=cv2.INTER_NEAREST))


def _areas(photo: Bits) -> NDArray[np.int32]:
    """H×W numbers of areas of like colour, grown from a grid of seeds until they meet (Meyer, ICIP 1992)."""
    height, width = photo.shape[:2]
    markers = np.zeros((height, width), dtype=np.int32)
    rows, columns = (np.arange(AREA // 2, max(length, AREA // 2 + 1), AREA) for length in (height, width))
    rows, columns = rows[rows < height], columns[columns < width]
    if not len(rows) or not len(columns):
        return markers
    markers[np.ix_(rows, columns)] = np.arange(1, len(rows) * len(columns) + 1).reshape(len(rows), len(columns))
    flooded = cv2.watershed(np.ascontiguousarray(photo), markers)
    # the lines between areas, marked -1, go to a neighbour
    around = cv2.dilate(flooded.astype(np.float32), np.ones((3, 3), dtype=np.uint8))
    return np.asarray(np.maximum(np.maximum(flooded, around), 0), dtype=np.int32)


def _without_holes(doubtful: Bits, names: Bits) -> Bits:
    """Doubtful parts without those that are small and lie in the middle of one label."""
    count, numbers, stats, _centres = cv2.connectedComponentsWithStats(doubtful, connectivity=4)
    left = doubtful.copy()
    for number in range(1, count):
        if stats[number, cv2.CC_STAT_AREA] > HOLE * doubtful.size:
            continue
        part = bits(numbers == number)
        ring = (cv2.dilate(part, np.ones((5, 5), dtype=np.uint8)) > 0) & (part == 0)
        inside = names[part > 0]
        if (names[ring] == np.bincount(inside).argmax()).mean() > 0.9 and not doubtful[ring].any():
            left[part > 0] = 0
    return left
