"""Where the camera looks, and how the room lies before it, from the photo's straight lines.

Rooms are mostly boxes: their level edges run to two vanishing points at right angles, both on the horizon (Coughlan
and Yuille, "Manhattan World", ICCV 1999). Horizon, focal length and the room's direction are searched together, and
each line segment votes for the hypotheses that it agrees with. The camera is taken to be held upright.
"""

from dataclasses import dataclass
from math import atan2, cos, hypot, sin, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.lite.labels import Label, Layout
from diffusion.lite.morphology import Bits
from diffusion.lite.parameters import CAMERA
from servicekit.imaging.arrays import Floats, floats
from servicekit.imaging.resizing import reduced


@dataclass(frozen=True, kw_only=True)
class Camera:
    """An upright pinhole camera over a level floor."""

    focal: float
    """Pixels."""
    horizon: float
    """Row, pixels; may lie outside of the picture."""
    centre: tuple[float, float]
    """Column and row of the principal point, pixels."""
    turn: float
    """Angle in radians from the camera's direction to the room's own, about the vertical."""
    certainty: float
    """0–1: the share of the lines that agrees; 0 where none told."""
    height: float = CAMERA.eye_height
    """Metres over the floor."""

    def floor(self, columns: Floats, rows: Floats) -> tuple[Floats, Floats]:
        """Metres over and along the room's direction of the floor points seen at pixels (broadcastable arrays).

        Rows at or above the horizon see points a very long way off.
        """
        over, along, down = self.rays(columns, rows)
        reach = self.height / np.maximum(down, 1e-3 * self.focal)
        return floats(reach * over), floats(reach * along)

    def rays(self, columns: Floats, rows: Floats) -> tuple[Floats, Floats, Floats]:
        """Directions of the rays through pixels: over and along the room's direction, and down; about `focal` long."""
        pitch = atan2(self.centre[1] - self.horizon, self.focal)
        x, y = columns - self.centre[0], rows - self.centre[1]
        ahead = self.focal * cos(pitch) - y * sin(pitch)
        over = x * cos(self.turn) - ahead * sin(self.turn)
        along = x * sin(self.turn) + ahead * cos(self.turn)
        return floats(over), floats(along), floats(y * cos(pitch) + self.focal * sin(pitch))

    def floor_scale(self, rows: Floats) -> tuple[Floats, Floats]:
        """Metres of floor that a pixel covers in each row: sideways, and away from the camera."""
        pitch = atan2(self.centre[1] - self.horizon, self.focal)
        y = rows - self.centre[1]
        fall = np.maximum(y * cos(pitch) + self.focal * sin(pitch), 1e-3 * self.focal)
        sideways = self.height / fall
        return floats(sideways), floats(sideways * self.focal / fall)


def find(grey: Bits, layout: Layout) -> Camera:
    """The camera behind a photo; a usual one, with certainty 0, where too few lines tell."""
    height, width = grey.shape
    small = reduced(grey, CAMERA.side)
    scale = width / small.shape[1]
    lowest = _floor_top(layout) / height
    labels = reduced(layout.labels, CAMERA.side, nearest=True)
    usual, spread = _eye_level(labels)
    segments = _segments(small, labels)
    long_side = max(small.shape)
    centre = (small.shape[1] / 2, small.shape[0] / 2)
    horizon, focal, turn, certainty = min(usual, lowest), CAMERA.usual_focal, 0.0, 0.0
    if len(segments) >= 6:
        best = -1.0
        for row in CAMERA.horizons:
            prior = _prior(float(row), lowest, usual, spread)
            for length in CAMERA.focals:
                votes = prior * _votes(segments, centre, float(row) * small.shape[0], length * long_side)
                if votes.max() > best:
                    best = float(votes.max())
                    horizon, focal, turn = float(row), length, float(CAMERA.turns[votes.argmax()])
                    certainty = min(1.0, best / prior)
    if certainty < CAMERA.least_certainty:
        horizon, focal, turn, certainty = min(usual, lowest), CAMERA.usual_focal, 0.0, 0.0
    return Camera(
        focal=focal * long_side * scale,
        horizon=horizon * height,
        centre=(width / 2, height / 2),
        turn=turn,
        certainty=certainty,
        height=_height(labels, horizon * len(labels)),
    )


def _floor_top(layout: Layout) -> float:
    """Row above which next to nothing of the floor is seen: the horizon cannot lie below it."""
    rows = np.flatnonzero(layout.mask(Label.FLOOR).sum(axis=1) > 0.02 * layout.labels.shape[1])
    return float(rows[0]) if len(rows) else float(layout.labels.shape[0])


def _eye_level(labels: Bits) -> tuple[float, float]:
    """Where the horizon usually is, as a share of the height, and how far from there it may be.

    Every upright line on a wall from ceiling to floor is cut by the horizon in the same ratio, however far it is (the
    cross-ratio of heights; Criminisi, Reid and Zisserman, "Single View Metrology", IJCV 2000).
    """
    top, foot = _whole_walls(labels)
    if not len(top):
        return CAMERA.usual_horizon, 0.2
    level = top + (foot - top) * (1.0 - CAMERA.eye_height / CAMERA.room_height)
    return float(np.median(level) / len(labels)), 0.12


def _height(labels: Bits, horizon: float) -> float:
    """Metres from the floor to the camera, by the same ratio: the part of CAMERA.room_height below the horizon."""
    top, foot = _whole_walls(labels)
    if not len(top):
        return CAMERA.eye_height
    height = CAMERA.room_height * float(np.median((foot - horizon) / (foot - top)))
    return float(np.clip(height, *CAMERA.heights))


def _whole_walls(labels: Bits) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of a wall's top and foot in the columns that show both; none where that is too few of them."""
    tops = (labels[:-1] == Label.CEILING) & (labels[1:] == Label.WALL)
    feet = (labels[:-1] == Label.WALL) & (labels[1:] == Label.FLOOR)
    top, foot = np.argmax(tops, axis=0), np.argmax(feet, axis=0)
    both = np.flatnonzero(tops.any(axis=0) & (foot > top))
    both = both if len(both) >= CAMERA.least_columns * labels.shape[1] else both[:0]
    return top[both], foot[both]


def _prior(row: float, lowest: float, usual: float, spread: float) -> float:
    likely = float(np.exp(-(((row - usual) / spread) ** 2) / 2))
    return likely * (1.0 if row <= lowest else float(np.exp(-(((row - lowest) / 0.05) ** 2))))


def _segments(small: Bits, labels: Bits) -> Floats:
    """N×4 ends of the longest lines that are not upright and belong to the building or to large furniture."""
    found = cv2.createLineSegmentDetector().detect(small)[0]
    if found is None:
        return np.zeros((0, 4), dtype=np.float32)
    segments = floats(found).reshape(-1, 4)
    run = segments[:, 2:] - segments[:, :2]
    length = np.hypot(run[:, 0], run[:, 1])
    middle = ((segments[:, 2:] + segments[:, :2]) / 2).astype(int)
    label = labels[np.clip(middle[:, 1], 0, labels.shape[0] - 1), np.clip(middle[:, 0], 0, labels.shape[1] - 1)]
    soft = np.isin(label, [Label.CURTAIN, Label.CUSHION, Label.BED, Label.UPHOLSTERY, Label.WINDOW])
    upright = np.abs(run[:, 1]) > 3.0 * np.abs(run[:, 0])
    usable = (length > 0.03 * max(small.shape)) & ~upright & ~soft
    order = np.argsort(-length[usable], kind="stable")[: CAMERA.lines]
    return floats(segments[usable][order])


def _votes(segments: Floats, centre: tuple[float, float], horizon: float, focal: float) -> Floats:
    """For each of CAMERA.turns the share of line length, 0–1, that runs to one of its two vanishing points."""
    start, end = segments[:, :2], segments[:, 2:]
    run = end - start
    length = np.hypot(run[:, 0], run[:, 1])
    middle = (start + end) / 2
    reach = hypot(focal, horizon - centre[1])
    turns = np.array(CAMERA.turns)
    agreement = np.zeros((len(turns), len(segments)), dtype=np.float32)
    for quarter in (0.0, np.pi / 2):
        sine, cosine = np.sin(turns + quarter)[:, None], np.cos(turns + quarter)[:, None]
        # homogeneous: the point itself may be at infinity
        to_x = centre[0] * cosine + reach * sine - middle[:, 0] * cosine
        to_y = (horizon - middle[:, 1]) * cosine
        cross = (to_x * run[:, 1] - to_y * run[:, 0]) / (np.hypot(to_x, to_y) * length + 1e-6)
        agreement = np.maximum(agreement, np.exp(-((cross / tan(CAMERA.tolerance)) ** 2)))
    return floats((agreement * length).sum(axis=1) / length.sum())
