"""Where walls meet ceiling and floor: straight lines, since rooms are built so.

Borders of regions are traced column by column and explained by as few lines as possible, the best first (sequential
RANSAC, Fischler & Bolles, CACM 1981, over pairs from a regular sample of the points, so that it always gives the same
answer). Where the photo has line segments along one (LSD, Grompone von Gioi et al., PAMI 2010), it follows them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from roomnet.picture import RGB
from roomnet.vocabulary import Ade

SAMPLES: Final = 48
"""Points whose pairs are tried."""
TOLERANCE: Final = 0.007
"""Share of the height within which a point lies on a line."""
MIN_WIDTH: Final = 0.12
"""Share of the width that a line must explain."""
MIN_COVERAGE: Final = 0.6
"""Share of the border between a line's ends that must lie on it."""
MAX_LINES: Final = 4
"""Lines of one kind."""
BAND: Final = 0.03
"""Share of the height within which a ragged border is straightened."""
EDGE_ANGLE: Final = np.deg2rad(2.5)
"""Between a line and the segments of the photo that it may follow."""
EDGE_SHARE: Final = 0.3
"""Share of a line's length that segments must cover for it to follow them."""


@dataclass(frozen=True, kw_only=True)
class Border:
    """A straight border of a wall: y = slope · x + offset, all in pixels."""

    against: Ade
    """Ade.CEILING, which is above the wall, or Ade.FLOOR, which is below."""

    slope: float
    offset: float

    left: float
    right: float
    """Columns between which it was seen."""

    def row(self, columns: NDArray[np.floating]) -> NDArray[np.floating]:
        """Rows at columns."""
        return self.slope * columns + self.offset

    def scaled(self, across: float, down: float) -> "Border":
        """The border in a picture that is so many times wider and higher."""
        return Border(
            against=self.against,
            slope=self.slope * down / across,
            offset=self.offset * down,
            left=self.left * across,
            right=self.right * across,
        )


def find(labels: NDArray[np.uint8], photo: RGB) -> tuple[Border, ...]:
    """The borders that are sure, from H×W labels and the photo at that size."""
    segments = _segments(photo)
    found: list[Border] = []
    for against in (Ade.CEILING, Ade.FLOOR):
        columns, rows = _points(labels, against)
        for _number in range(MAX_LINES):
            line = _best(columns, rows, labels.shape)
            if line is None:
                break
            found.append(_along(Border(against=against, **line), segments, labels.shape))
            # where one line runs there is no other
            left = (columns < line["left"]) | (columns > line["right"])
            columns, rows = columns[left], rows[left]
    return tuple(found)


def straightened(labels: NDArray[np.uint8], borders: Sequence[Border]) -> NDArray[np.uint8]:
    """The labels with what lies between a border and its line put on the right side."""
    height, width = labels.shape
    result = labels.copy()
    band = max(2.0, BAND * height)
    grid = np.arange(height, dtype=np.float32)[:, None]
    for border in borders:
        first, last = max(0, int(border.left)), min(width, int(border.right) + 1)
        window = result[:, first:last]
        row = border.row(np.arange(first, last, dtype=np.float32) + 0.5)[None] - 0.5
        near = np.abs(grid - row) <= band
        above, below = (border.against, Ade.WALL) if border.against == Ade.CEILING else (Ade.WALL, border.against)
        # only columns in which nothing but the two surfaces meets there
        both = near & ((window == above) | (window == below))
        meets = (near & (window == above)).any(axis=0) & (near & (window == below)).any(axis=0)
        change = both & meets[None]
        window[change & (grid < row)] = above
        window[change & (grid >= row)] = below
    return result


def _points(labels: NDArray[np.uint8], against: Ade) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Columns and rows, in pixels, at which a wall meets what is above or below it."""
    above, below = (against, Ade.WALL) if against == Ade.CEILING else (Ade.WALL, against)
    rows, columns = np.nonzero((labels[:-1] == above) & (labels[1:] == below))
    return columns.astype(np.float64) + 0.5, rows.astype(np.float64) + 1.0


def _best(columns: NDArray[np.float64], rows: NDArray[np.float64], shape: tuple[int, ...]) -> dict[str, float] | None:
    """The line that most points lie on, as fields of a Border; None where none explains enough."""
    height, width = shape
    least, near = MIN_WIDTH * width, TOLERANCE * height + 0.5
    if len(columns) < least:
        return None
    chosen = np.unique(np.linspace(0, len(columns) - 1, SAMPLES).astype(int))
    chosen = np.argsort(columns, kind="stable")[chosen]
    first, second = np.triu_indices(len(chosen), k=1)
    one, other = chosen[first], chosen[second]
    apart = columns[other] - columns[one]
    far = np.abs(apart) > 0.05 * width
    if not far.any():
        return None
    slopes = (rows[other] - rows[one])[far] / apart[far]
    offsets = rows[one][far] - slopes * columns[one][far]
    sparse = slice(None, None, max(1, len(columns) // 256))
    distance = np.abs(rows[sparse] - slopes[:, None] * columns[sparse] - offsets[:, None])
    votes = (distance <= near * np.hypot(1, slopes)[:, None]).sum(axis=1)
    best = int(votes.argmax())
    slope, offset = slopes[best], offsets[best]
    for _round in range(2):
        on_it = np.abs(rows - slope * columns - offset) <= near * np.hypot(1, slope)
        if len(np.unique(columns[on_it])) < 2:
            return None
        slope, offset = np.polyfit(columns[on_it], rows[on_it], 1)
    on_it = np.abs(rows - slope * columns - offset) <= 2 * near * np.hypot(1, slope)
    explained = np.unique(columns[on_it])
    if len(explained) < least:
        return None
    left, right = (float(end) for end in np.quantile(explained, (0.01, 0.99)))
    between = np.unique(columns[(columns >= left) & (columns <= right)])
    if len(explained) < MIN_COVERAGE * len(between):
        return None
    return {"slope": float(slope), "offset": float(offset), "left": left, "right": right}


def _along(border: Border, segments: NDArray[np.float64], shape: tuple[int, ...]) -> Border:
    """The border moved onto the photo's own segments, where these cover enough of it."""
    if not len(segments):
        return border
    x, y = segments[:, [0, 2]], segments[:, [1, 3]]
    close = (np.abs(y - border.row(x)) <= 2 * TOLERANCE * shape[0] + 0.5).all(axis=1)
    inside = (x.max(axis=1) > border.left) & (x.min(axis=1) < border.right)
    angle = np.arctan2(np.diff(y, axis=1), np.diff(x, axis=1))[:, 0] - np.arctan(border.slope)
    alike = np.abs(np.sin(angle)) <= np.sin(EDGE_ANGLE)
    along = close & inside & alike
    length = np.abs(np.diff(x, axis=1))[:, 0]
    if length[along].sum() < EDGE_SHARE * (border.right - border.left):
        return border
    weights = np.repeat(np.sqrt(length[along]), 2)
    slope, offset = np.polyfit(x[along].ravel(), y[along].ravel(), 1, w=weights)
    moved = Border(
        against=border.against, slope=float(slope), offset=float(offset), left=border.left, right=border.right
    )
    ends = np.array([border.left, border.right])
    return moved if np.abs(moved.row(ends) - border.row(ends)).max() <= BAND * shape[0] else border


def _segments(photo: RGB) -> NDArray[np.float64]:
    """N×4 (x, y, x, y), in pixels."""
    grey = np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
    return np.zeros((0, 4)) if found is None else np.asarray(found, dtype=np.float64).reshape(-1, 4) + 0.5
