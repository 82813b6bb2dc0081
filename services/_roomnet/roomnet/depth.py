"""Depth: what the network sees, stood on the floor; where it is unsure what it sees, what the surfaces tell.

Scale and shift of an inverse depth are free, and along a floor it is a straight function of the row (the camera is held
level). So one line through what the network says of the floor is all the floor there is; where that differs from the
network's own, the column above is moved along with it, and things come some of the way to their feet. The network was
trained on rendered rooms: the less sure of a surface, the less is known of its distance. So the depth of the planes
(see planes) counts as much as the surface is unsure.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from roomnet import planes, refinement
from roomnet.horizon import Horizon
from roomnet.picture import Plane
from roomnet.vocabulary import Surface

FARTHEST: Final = 0.1
"""Inverse depth of the farthest point, where the mean deviation is about 1: it has to be positive."""
LEAST_FLOOR: Final = 0.01
"""Share of the picture that floor must fill for anything to be stood on it."""
LEAST_SLOPE: Final = 1.5
"""Of the floor, from the top of the picture to its bottom, in mean deviations: that of half the flattest floors."""
CONTACT: Final = 0.02
"""Height of the strip of floor that something above stands on, as a share of the picture's."""
SMOOTHING: Final = 0.1
"""Of what columns are moved by, as a share of the width."""
FEET: Final = 0.4
"""How far things come to the depth of their feet."""
BLUR: Final = 0.015
"""Of the trust in the network, as a share of the width."""


def fitted(seen: Plane, surfaces: NDArray[np.uint8], trust: Plane, horizon: Horizon) -> Plane:
    """H×W inverse depth, up to scale and shift, near is large.

    `seen` is the network's, of any size; `surfaces` (H×W Surface values) and `trust` (H×W, 0–1: how sure the network is
    of them) are of one size.
    """
    stood = _on_the_floor(unit(refinement.enlarged(seen, surfaces.shape)), surfaces == Surface.FLOOR)
    stood = planes.standing(stood, surfaces, share=FEET)
    sure = np.asarray(cv2.GaussianBlur(trust, (0, 0), max(1.0, BLUR * surfaces.shape[1])), dtype=np.float32)
    return np.asarray(sure * stood + (1 - sure) * unit(planes.inverse_depth(surfaces, horizon)), dtype=np.float32)


def positive(inverse_depth: Plane) -> Plane:
    """The same shifted so that the farthest point is at FARTHEST."""
    return np.asarray(inverse_depth - float(inverse_depth.min()) + FARTHEST, dtype=np.float32)


def unit(plane: Plane) -> Plane:
    """The plane with a mean of 0 and a mean deviation of 1; one that is level everywhere is 0."""
    centred = plane - plane.mean()
    return np.asarray(centred / max(float(np.abs(centred).mean()), 1e-6), dtype=np.float32)


def _on_the_floor(seen: Plane, floor: NDArray[np.bool_]) -> Plane:
    """`seen` (H×W) with one plane for all floor, and every column moved by as much as the floor at its contact was."""
    if floor.mean() < LEAST_FLOOR:
        return seen
    height, width = seen.shape
    rows = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None]
    row, value = np.broadcast_to(rows, seen.shape)[floor], seen[floor]
    spread = row - row.mean()
    slope = max(LEAST_SLOPE, float((spread * (value - value.mean())).sum() / (np.square(spread).sum() + 1e-6)))
    plane = np.broadcast_to(slope * (rows - row.mean()) + value.mean(), seen.shape)
    top = floor.astype(np.uint8)
    top[1:] &= ~floor[:-1]
    strip = 2 * max(1, round(CONTACT * height)) + 1
    contact = cv2.dilate(top, np.ones((strip, 1), dtype=np.uint8)) * floor
    moved = _along(((plane - seen) * contact).sum(axis=0), width) / (_along(contact.sum(axis=0), width) + 1e-3)
    return np.where(floor, plane, seen + moved[None])


def _along(line: NDArray[np.floating], width: int) -> Plane:
    """A line smoothed over the columns next to each."""
    smooth = cv2.GaussianBlur(line[None].astype(np.float32), (0, 0), SMOOTHING * width, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth[0], dtype=np.float32)
