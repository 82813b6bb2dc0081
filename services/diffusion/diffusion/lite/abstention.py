"""What is left as it is: where labels are unsure, painting stops at a budget of expected mistakes.

With calibrated confidence the share that will be painted wrongly is known beforehand, and painting the surest parts
first paints the most for it (selective classification: Geifman and El-Yaniv, NeurIPS 2017). It is decided for whole
objects and for surfaces under one paint: half a sofa in a new colour is worse than none.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.lite import edge_evidence
from diffusion.lite.edge_regions import edge_segments, merge_by_colour
from diffusion.lite.labels import Label, upsampled_mask
from diffusion.lite.morphology import Bits, bits, shrunk
from servicekit.imaging import colour
from servicekit.imaging.arrays import Floats, floats
from servicekit.imaging.resizing import reduced

SURE: Final = 0.85
"""Confidence from which a part is painted whatever the budget."""
LEAST: Final = 0.55
"""Confidence below which a part is hardly more probably what it is called than something else."""
RISK: Final = 0.05
"""Share of the photo that may be expected to be painted as a surface that it is not. A thing of another kind than it is
called counts for nothing: the colour of its fabric suits it as well."""
SIDE: Final = 256
"""Long side, in pixels, at which parts are told apart."""
ONE_PAINT: Final = 10.0
"""Distance in L*a*b*, lightness counted half, up to which segments of a surface are under one paint: a wall in two
colours where it was in one is worse than the old one."""
RIM: Final = 2
"""Pixels along the border of a label where confidence tells of the border's place and not of the label."""
HOLE: Final = 0.012
"""Share of the photo up to which something unsure is painted with what is beside it,"""
BESIDE: Final = 0.25
"""along this share of its border."""
UNPAINTED: Final = (Label.OTHER, Label.WINDOW)
SURFACES: Final = (Label.WALL, Label.FLOOR, Label.CEILING)
"""Regions that may be under several paints; all others are things."""


def abstention_mask(labels: Bits, confidence: Floats, photo: Bits) -> Bits:
    """H×W, 1 where a label (values of Label) is too unsure to be painted by; photo is H×W×3."""
    small, names = reduced(photo, SIDE), reduced(labels, SIDE, nearest=True)
    trust = reduced(confidence, SIDE)
    parts, inside = _parts(names, colour.lab(colour.linear(small)))
    size = np.bincount(parts.ravel())
    weight = np.where(inside > 0, 1.0, 1e-3)
    mean = np.bincount(parts.ravel(), weights=(weight * trust).ravel()) / np.maximum(
        np.bincount(parts.ravel(), weights=weight.ravel()), 1e-6
    )
    wanted = np.unique(parts[parts > 0])
    order = wanted[np.argsort(-mean[wanted], kind="stable")]
    is_surface = np.isin(order, np.unique(parts[np.isin(names, SURFACES)]))
    mistakes = np.cumsum(np.where(is_surface, (1.0 - mean[order]) * size[order], 0.0))
    painted = np.zeros(len(size), dtype=bool)
    affordable = ~is_surface | (mistakes <= RISK * names.size)
    painted[order] = (mean[order] >= SURE) | (affordable & (mean[order] >= LEAST))
    uncertain = bits((parts > 0) & ~painted[parts])
    return upsampled_mask(_without_holes(uncertain, names), names, labels)


def _parts(names: Bits, lab: Floats) -> tuple[NDArray[np.int32], Bits]:
    """h×w numbers from 1 on of things and of surfaces under one paint, 0 for what is neither; and 1 off their rims."""
    edges = edge_evidence.edges(lab)
    halved = lab * floats([0.5, 1.0, 1.0])
    parts = np.zeros(names.shape, dtype=np.int32)
    inside = np.zeros(names.shape, dtype=np.uint8)
    count = 0
    for region in np.unique(names):
        if region in UNPAINTED:
            continue
        own = bits(names == region)
        inside |= shrunk(own, RIM)
        if region in SURFACES:
            numbers = merge_by_colour(edge_segments(own, edges, lab), halved, ONE_PAINT)
        else:
            numbers = np.asarray(cv2.connectedComponents(own, connectivity=4)[1], dtype=np.int32)
        parts = np.where(own > 0, numbers + count, parts)
        count = int(parts.max())
    return np.asarray(parts, dtype=np.int32), inside


def _without_holes(uncertain: Bits, names: Bits) -> Bits:
    """Uncertain parts without those that are small and go on in painted ones of the same label."""
    count, numbers, stats, _centres = cv2.connectedComponentsWithStats(uncertain, connectivity=4)
    left = uncertain.copy()
    for number in range(1, count):
        if stats[number, cv2.CC_STAT_AREA] > HOLE * uncertain.size:
            continue
        part = bits(numbers == number)
        ring = (cv2.dilate(part, np.ones((5, 5), dtype=np.uint8)) > 0) & (part == 0)
        same = ring & (names == np.bincount(names[part > 0]).argmax())
        if same.sum() >= BESIDE * ring.sum() > 0 and not uncertain[same].any():
            left[part > 0] = 0
    return left
