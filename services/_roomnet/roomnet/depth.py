"""Depth: the network's, fitted to the floor; where the network is unsure of the surfaces, the depth of the planes.

Inverse depth is known up to scale and shift, and along a floor it is linear in the row (the camera is held level). So
one line is fitted to the network's depth of the floor; where the line differs from it, the column above is shifted by
the difference, and objects are moved towards the depth at which they touch the floor. The network was trained on
rendered rooms: the less sure it is of a surface, the less is known of its distance. There the depth of the planes (see
planes) gets the larger weight.
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
MIN_FLOOR: Final = 0.01
"""Share of the picture that floor must fill for the depth to be fitted to it."""
MIN_SLOPE: Final = 1.5
"""Least slope of the floor from the top of the picture to its bottom, in mean deviations."""
CONTACT: Final = 0.02
"""Height of the strip of floor below an object, as a share of the picture's."""
SMOOTHING: Final = 0.1
"""Of the columns' shifts, as a share of the width."""
CONTACT_SHARE: Final = 0.4
"""Weight of the depth at which an object touches the floor, against its own."""
BLUR: Final = 0.015
"""Of the confidence in the network, as a share of the width."""


def fitted(predicted: Plane, surfaces: NDArray[np.uint8], confidence: Plane, horizon: Horizon) -> Plane:
    """H×W inverse depth, up to scale and shift, near is large.

    `predicted` is the network's, of any size; `surfaces` (H×W Surface values) and `confidence` (H×W, 0–1: the network's
    of them) are of one size.
    """
    measured = _fit_to_floor(unit(refinement.enlarged(predicted, surfaces.shape)), surfaces == Surface.FLOOR)
    measured = planes.with_contact_depth(measured, surfaces, share=CONTACT_SHARE)
    sure = np.asarray(cv2.GaussianBlur(confidence, (0, 0), max(1.0, BLUR * surfaces.shape[1])), dtype=np.float32)
    return np.asarray(sure * measured + (1 - sure) * unit(planes.inverse_depth(surfaces, horizon)), dtype=np.float32)


def positive(inverse_depth: Plane) -> Plane:
    """The same shifted so that the farthest point is at FARTHEST."""
    return np.asarray(inverse_depth - float(inverse_depth.min()) + FARTHEST, dtype=np.float32)


def unit(plane: Plane) -> Plane:
    """The plane with a mean of 0 and a mean deviation of 1; one that is level everywhere is 0."""
    centred = plane - plane.mean()
    return np.asarray(centred / max(float(np.abs(centred).mean()), 1e-6), dtype=np.float32)


def _fit_to_floor(predicted: Plane, floor: NDArray[np.bool_]) -> Plane:
    """`predicted` (H×W) with one plane for all floor, and every column shifted by as much as its floor."""
    if floor.mean() < MIN_FLOOR:
        return predicted
    height, width = predicted.shape
    rows = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None]
    row, value = np.broadcast_to(rows, predicted.shape)[floor], predicted[floor]
    spread = row - row.mean()
    slope = max(MIN_SLOPE, float((spread * (value - value.mean())).sum() / (np.square(spread).sum() + 1e-6)))
    plane = np.broadcast_to(slope * (rows - row.mean()) + value.mean(), predicted.shape)
    top = floor.astype(np.uint8)
    top[1:] &= ~floor[:-1]
    strip = 2 * max(1, round(CONTACT * height)) + 1
    contact = cv2.dilate(top, np.ones((strip, 1), dtype=np.uint8)) * floor
    shift = _along(((plane - predicted) * contact).sum(axis=0), width) / (_along(contact.sum(axis=0), width) + 1e-3)
    return np.where(floor, plane, predicted + shift[None])


def _along(line: NDArray[np.floating], width: int) -> Plane:
    """A line smoothed over the columns next to each."""
    smooth = cv2.GaussianBlur(line[None].astype(np.float32), (0, 0), SMOOTHING * width, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth[0], dtype=np.float32)
