"""The horizon: how high the camera looks, from where the lines along the room's depth meet.

Rooms are mostly boxes seen by a level camera, so the edges that run away from it meet in a point on the horizon
(Coughlan & Yuille, "Manhattan World", ICCV 1999). The point is searched by voting over the intersections of long line
segments that are neither level nor upright.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from roomnet.picture import Picture

LINES: Final = 60
"""Number of longest lines that vote."""
TOLERANCE: Final = np.deg2rad(3.0)
"""A line votes for a point that it misses by less than this angle."""
DEFAULT_ROW: Final = 0.45
"""Where the horizon lies in most photos of rooms, as a share of the height."""


@dataclass(frozen=True, kw_only=True)
class Horizon:
    """Where the horizon lies in a picture."""

    row: float
    """As a share of the height, 0 at the top; may be outside 0–1."""

    column: float
    """Of the point where the depth lines meet, as a share of the width."""

    certainty: float
    """0–1: the share of line length that agrees."""


def find(picture: Picture) -> Horizon:
    """The horizon; that of most photos, with certainty 0, where no lines tell."""
    height, width = picture.shape
    segments = _segments(picture)
    if len(segments) < 4:
        return Horizon(row=DEFAULT_ROW, column=0.5, certainty=0.0)
    start, end = segments[:, :2], segments[:, 2:]
    length = np.linalg.norm(end - start, axis=1)
    direction = (end - start) / length[:, None]
    middle = (start + end) / 2
    points = _intersections(start, end)
    inside = (
        (points[:, 0] > -0.3 * width) & (points[:, 0] < 1.3 * width) & (points[:, 1] > 0.1 * height)
        & (points[:, 1] < 0.8 * height)
    )  # fmt: skip
    points = points[inside]
    if not len(points):
        return Horizon(row=DEFAULT_ROW, column=0.5, certainty=0.0)
    toward = points[:, None] - middle[None]
    distance = np.linalg.norm(toward, axis=2) + 1e-6
    sine = np.abs(toward[..., 0] * direction[:, 1] - toward[..., 1] * direction[:, 0]) / distance
    away = distance > length / 2  # a point on the line itself says nothing of where it leads
    votes = (np.exp(-((sine / np.sin(TOLERANCE)) ** 2)) * length * away).sum(axis=1)
    expected = np.exp(-(((points[:, 1] / height - DEFAULT_ROW) / 0.2) ** 2))
    best = int(np.argmax(votes * expected))
    certainty = float(np.clip(votes[best] / length.sum() * 1.5 - 0.2, 0, 1))
    row = float(points[best, 1] / height)
    return Horizon(
        row=certainty * row + (1 - certainty) * DEFAULT_ROW, column=float(points[best, 0] / width), certainty=certainty
    )


def _segments(picture: Picture) -> NDArray[np.float64]:
    """N×4 (x, y, x, y) of the longest lines between 8° and 75° from level."""
    grey = np.ascontiguousarray(np.clip(picture.lab[..., 0] * 2.55, 0, 255).astype(np.uint8))
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
    if found is None:
        return np.zeros((0, 4))
    segments = np.asarray(found, dtype=np.float64).reshape(-1, 4)
    span = np.abs(segments[:, 2:] - segments[:, :2])
    angle = np.rad2deg(np.arctan2(span[:, 1], span[:, 0]))
    length = np.hypot(span[:, 0], span[:, 1])
    slanted = (angle > 8) & (angle < 75) & (length > 0.05 * max(picture.shape))
    order = np.argsort(-length[slanted], kind="stable")[:LINES]
    return segments[slanted][order]


def _intersections(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """K×2 points where any two of the lines cross."""
    homogeneous = np.cross(np.c_[start, np.ones(len(start))], np.c_[end, np.ones(len(end))])
    first, second = np.triu_indices(len(start), k=1)
    crossing = np.cross(homogeneous[first], homogeneous[second])
    crossing = crossing[np.abs(crossing[:, 2]) > 1e-3]
    points: NDArray[np.float64] = crossing[:, :2] / crossing[:, 2:]
    return points
