"""Moves the borders of labels onto the photo's edges."""

from typing import Final

import cv2
import numpy as np

from diffusion.lite.morphology import Bits, bits, grown, shrunk
from servicekit.imaging.resizing import reduced

REACH: Final = 4
"""Pixels, at a long side of 1024, by which a border may move."""
SMOOTHING: Final = 1.2
"""Deviation in pixels of the votes that round off what noise frayed."""
CALMING: Final = 0.008
"""The same in long sides where the photo shows no edge: a border that nothing guides is drawn evenly."""
SIDE: Final = 512
"""Long side, in pixels, at which those are counted."""


def refine_boundaries(labels: Bits, photo: Bits, edges: Bits) -> Bits:
    """H×W labels with their borders moved to the nearest edges of the photo (H×W×3), by at most about REACH.

    Pixels farther than that from any border are the markers of a watershed, in which two labels meet on an edge (Meyer,
    "Color image segmentation", ICIP 1992). Where `edges` (h×w, 1 on edges, perhaps smaller) show none, borders are only
    smoothed. What is too thin to have markers stays as it is.
    """
    present = np.unique(labels)
    if len(present) < 2:
        return labels
    reach = max(1, round(REACH * max(labels.shape) / 1024))
    markers = np.zeros(labels.shape, dtype=np.int32)
    for label in present:
        own = bits(labels == label)
        core = shrunk(own, reach)
        thin = own & ~grown(core, 2 * reach)
        markers[(core | thin) > 0] = int(label) + 1
    calm = cv2.GaussianBlur(photo, (0, 0), 1.0)
    flooded = cv2.watershed(np.asarray(calm, dtype=np.uint8), markers)
    moved = np.where(flooded > 0, flooded - 1, labels).astype(np.uint8)
    small = reduced(labels, SIDE, nearest=True)
    even = _smoothed(small, present, CALMING * max(small.shape))
    guided = grown(edges, max(1, round(REACH * max(edges.shape) / 1024)))
    shape = labels.shape[::-1]
    guided = bits(cv2.resize(guided, shape, interpolation=cv2.INTER_NEAREST))
    even = bits(cv2.resize(even, shape, interpolation=cv2.INTER_NEAREST))
    return _smoothed(np.where(guided > 0, moved, even).astype(np.uint8), present, SMOOTHING)


def _smoothed(labels: Bits, present: Bits, deviation: float) -> Bits:
    """Every pixel with the label that most of its neighbours have."""
    most = np.zeros(labels.shape, dtype=np.uint8)
    chosen = labels.copy()
    for label in present:
        votes = cv2.GaussianBlur(np.where(labels == label, np.uint8(255), np.uint8(0)), (0, 0), deviation)
        wins = votes > most
        chosen[wins] = label
        np.maximum(most, votes, out=most)
    return chosen
