"""Whether walls, windows and furniture are where they were.

Two views are joined. Lines: the room's straight lines, see `lines`. Layout: the surfaces that the engine finds in both
pictures, the openings among them, and the order of depths where it has a model of its own for that. Edges as such do
not count: a good restyling loses nine tenths of them with the furniture.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from controlmaps import lines
from controlmaps.domain import Layout, Segmentation
from servicekit.imaging import resizing
from servicekit.imaging.arrays import RGB
from servicekit.types import ade20k

LONG_SIDE: Final = 384
"""Pixels at which pictures are compared: details and texture may change, the room may not."""
LINES_SHARE: Final = 0.6
"""How much the lines count against the layout."""
LEAST_OPENINGS: Final = 0.02
"""Share of the picture that is surely window or door from which on they are compared."""
DEPTH_SIDE: Final = 64
"""Pixels at which depths are compared."""
DEPTH_CHANCE: Final = 0.5
"""Rank correlation that two rooms' depths have because floors are near and far walls are high; scored 0."""

Plane = NDArray[np.float32]


def reduced(picture: RGB) -> RGB:
    """The picture at the size at which structure is compared."""
    return resizing.reduced(picture, LONG_SIDE, least=16)


def reduced_layout(seen: Segmentation) -> Layout:
    """The layout of a reduced picture, of what was seen in it at its own size."""
    return Layout(
        surfaces=Segmentation(
            labels=resizing.reduced(seen.labels, LONG_SIDE, nearest=True, least=16),
            confidence=resizing.reduced(seen.confidence, LONG_SIDE, least=16),
        )
    )


def score(original: RGB, result: RGB, before: Layout, after: Layout) -> float:
    """Agreement of two reduced pictures and what is seen in them, 0–1: a weighted geometric mean.

    A picture whose lines lie elsewhere is another room, whatever its surfaces are. Without lines, only those count.
    """
    layout = layout_agreement(before, after)
    straight = lines.agreement(original, result)
    return layout if straight is None else float(straight**LINES_SHARE * layout ** (1 - LINES_SHARE))


def layout_agreement(before: Layout, after: Layout) -> float:
    """Whether the same surfaces and openings are at the same place and as far away, 0–1: the mean of what is known."""
    known = [surface_agreement(before.surfaces, after.surfaces)]
    openings = opening_agreement(before.surfaces, after.surfaces)
    if openings is not None:
        known.append(openings)
    if before.depth is not None and after.depth is not None:
        known.append(depth_agreement(before.depth, after.depth))
    return float(np.mean(known))


def opening_agreement(before: Segmentation, after: Segmentation) -> float | None:
    """Share of what is surely window or door that still is, 0–1; None where the original has next to nothing of it."""
    sure = before.confidence * (_SURFACES[before.labels] == OPENING)
    if float(sure.mean()) < LEAST_OPENINGS:
        return None
    still = cv2.dilate((_SURFACES[after.labels] == OPENING).astype(np.uint8), np.ones((5, 5), np.uint8))
    return float((sure * still).sum() / sure.sum())


def depth_agreement(before: Plane, after: Plane) -> float:
    """Whether what was nearer is nearer still, 0–1: Spearman's correlation, blind to scale and shift."""
    one, other = _ranks(before), _ranks(after)
    spread = float(one.std() * other.std())
    if spread == 0.0:
        return float(one.std() == other.std())
    correlation = float(((one - one.mean()) * (other - other.mean())).mean()) / spread
    return float(np.clip((correlation - DEPTH_CHANCE) / (1 - DEPTH_CHANCE), 0, 1))


def surface_agreement(before: Segmentation, after: Segmentation) -> float:
    """Share of pixels on the same surface in both, weighted by how sure the engine is of them."""
    weight = before.confidence * after.confidence + 1e-6
    same = _SURFACES[before.labels] == _SURFACES[after.labels]
    return float((weight * same).sum() / weight.sum())


def _ranks(depth: Plane) -> NDArray[np.float64]:
    """The rank of every pixel of a reduced depth; those that are equal but for rounding share the mean of theirs."""
    scale = DEPTH_SIDE / max(depth.shape)
    size = max(1, round(depth.shape[1] * scale)), max(1, round(depth.shape[0] * scale))
    values = np.asarray(cv2.resize(depth, size, interpolation=cv2.INTER_AREA)).ravel()
    values = np.round(values / max(float(np.abs(values).max()), 1e-12), 5)
    _values, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[which], dtype=np.float64)


OPENING: Final = 3
"""Among the surfaces."""


def _surface_table() -> NDArray[np.uint8]:
    table = np.full(ade20k.CLASSES, 4, dtype=np.uint8)
    for surface, names in enumerate((("wall",), ("floor", "rug"), ("ceiling",), ("windowpane", "door"))):
        for name in names:
            table[ade20k.index(name)] = surface
    return table


_SURFACES: Final = _surface_table()
"""For every ADE20K index: wall, floor, ceiling, opening or (4) anything else."""
