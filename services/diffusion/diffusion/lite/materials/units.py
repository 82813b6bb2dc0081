"""How equal pieces are laid: boards in courses, herringbone, tiles in a grid, bricks in running bond.

Every layout is periodic in both directions. For each pixel it says to which piece it belongs and where on it it lies.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diffusion.lite.materials.texture import PIXELS_PER_METRE, metres
from servicekit.imaging.arrays import Floats, floats


@dataclass(frozen=True, kw_only=True)
class Units:
    """A periodic patch covered with pieces."""

    piece: NDArray[np.int32]
    """H×W, 0 to `count` − 1."""

    count: int

    across: Floats
    """H×W, metres from the left edge of the piece."""

    along: Floats
    """H×W, metres from the head of the piece, in the direction in which it is long."""

    edge: Floats
    """H×W, metres to the nearest edge of the piece."""


def boards(width: float, random: np.random.Generator, *, courses: int = 8, length: float = 2.0) -> Units:
    """Boards in courses down the rows, two to a course, their heads where chance puts them."""
    rows, columns = metres(2 * length), metres(courses * width)
    down, over = _grid(rows, columns)
    over *= courses * width * PIXELS_PER_METRE / columns
    course = np.minimum((over / width).astype(np.int32), courses - 1)
    period = rows / PIXELS_PER_METRE
    start = _spread(courses, random) * period
    first = random.uniform(0.38, 0.62, courses) * period
    place = (down + start[course]) % period
    second = place >= first[course]
    along = np.where(second, place - first[course], place)
    span = np.where(second, period - first[course], first[course])
    across = over - course * width
    edge = np.minimum(np.minimum(across, width - across), np.minimum(along, span - along))
    return _units(course * 2 + second, 2 * courses, across, along, edge)


def herringbone(width: float, *, ratio: int = 5, repeats: int = 2) -> Units:
    """Blocks of 1:`ratio` at right angles to each other; lay it turned by 45°."""
    period = 2 * ratio * repeats
    side = metres(period * width)
    down, over = _grid(side, side)
    scale = period / (side / PIXELS_PER_METRE)
    row, column = down * scale, over * scale
    j, i = row.astype(np.int32), column.astype(np.int32)
    phase = (i - j) % (2 * ratio)
    level = phase < ratio
    head_i = np.where(level, i - phase, i)
    head_j = np.where(level, j, j - (2 * ratio - 1 - phase))
    along = np.where(level, column - head_i, row - head_j) * width
    across = np.where(level, row - j, column - i) * width
    edge = np.minimum(np.minimum(across, width - across), np.minimum(along, ratio * width - along))
    piece = (head_j % period) * period + head_i % period
    return _units(piece, period * period, across, along, edge)


def tiles(width: float, height: float, *, shift: float = 0.0, repeats: int = 4) -> Units:
    """Rectangles in rows, each row shifted by a share of the width against the one above (0.5 is running bond)."""
    rows, columns = metres(repeats * height), metres(repeats * width)
    down, over = _grid(rows, columns)
    down *= repeats * height * PIXELS_PER_METRE / rows
    over *= repeats * width * PIXELS_PER_METRE / columns
    row = np.minimum((down / height).astype(np.int32), repeats - 1)
    over = floats((over + (row % 2) * shift * width) % (repeats * width))
    column = np.minimum((over / width).astype(np.int32), repeats - 1)
    across, along = over - column * width, down - row * height
    edge = np.minimum(np.minimum(across, width - across), np.minimum(along, height - along))
    return _units(row * repeats + column, repeats * repeats, across, along, edge)


def _grid(rows: int, columns: int) -> tuple[Floats, Floats]:
    """Metres down and over of each pixel's centre."""
    down = (np.arange(rows, dtype=np.float32) + 0.5)[:, None] / PIXELS_PER_METRE
    over = (np.arange(columns, dtype=np.float32) + 0.5)[None] / PIXELS_PER_METRE
    return np.repeat(down, columns, axis=1), np.repeat(over, rows, axis=0)


def _spread(count: int, random: np.random.Generator) -> Floats:
    """Numbers in 0–1, each far from its neighbours, so that no two heads meet side by side."""
    return floats((np.arange(count) * 0.382 + random.uniform(-0.06, 0.06, count)) % 1.0)


def _units(
    piece: NDArray[np.int32], count: int, across: NDArray[np.floating], along: NDArray[np.floating], edge: Floats
) -> Units:
    return Units(
        piece=piece.astype(np.int32),
        count=count,
        across=across.astype(np.float32),
        along=along.astype(np.float32),
        edge=edge.astype(np.float32),
    )
