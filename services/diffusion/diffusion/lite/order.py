"""What must be above what: in every column of a photo the ceiling is over the walls, and they over the floor."""

from typing import Final

import numpy as np

from diffusion.lite.arrays import Bits
from diffusion.lite.regions import Region

SUPPORT: Final = 0.35
"""Share of a column's end that must already bear the label before the rest of that end is given it."""


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
    """H×W, true from the top of each column to the lowest row down to which SUPPORT of it bears the label."""
    height = len(label)
    depth = np.arange(1, height + 1)[:, None]
    supported = label & (np.cumsum(label, axis=0, dtype=np.uint16) >= np.ceil(SUPPORT * depth).astype(np.uint16))
    lowest = np.where(supported.any(axis=0), height - np.argmax(supported[::-1], axis=0), 0)
    return np.asarray(depth <= lowest[None], dtype=np.bool_)
