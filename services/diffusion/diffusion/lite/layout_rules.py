"""What must be above what: in every column of a photo the ceiling is over the walls, and they over the floor."""

from typing import Final

import numpy as np

from diffusion.lite.morphology import Bits
from diffusion.lite.regions import Region

SUPPORT: Final = 0.35
"""Share of a column's end that must already bear the label before the rest of that end is given it."""

STRIDE: Final = 4
"""Rows from one that is looked at to the next."""


def in_order(labels: Bits) -> Bits:
    """H×W labels with walls above a ceiling made ceiling, and walls and windows below a floor made floor.

    A window down there is the reflection of one.
    """
    wall = labels == Region.WALL
    ceiling = wall & _reach(labels == Region.CEILING)
    floor = (wall | (labels == Region.WINDOW)) & _reach((labels == Region.FLOOR)[::-1])[::-1]
    ordered = np.where(ceiling, Region.CEILING, labels)
    return np.asarray(np.where(floor & ~ceiling, Region.FLOOR, ordered), dtype=np.uint8)


def _reach(label: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """H×W, true from the top of each column to the lowest row down to which SUPPORT of it bears the label.

    Every STRIDE-th row is looked at.
    """
    height = len(label)
    some = label[::STRIDE]
    depth = np.arange(1, len(some) + 1)[:, None]
    supported = some & (np.cumsum(some, axis=0, dtype=np.uint16) >= np.ceil(SUPPORT * depth).astype(np.uint16))
    lowest = np.where(supported.any(axis=0), len(some) - np.argmax(supported[::-1], axis=0), 0)
    return np.asarray(np.arange(height)[:, None] <= (STRIDE * (lowest - 1))[None], dtype=np.bool_)
