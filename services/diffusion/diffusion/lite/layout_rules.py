"""In every column of a photo the ceiling is above the walls, and they above the floor."""

from typing import Final

import numpy as np

from diffusion.lite.labels import Label
from diffusion.lite.morphology import Bits

SUPPORT: Final = 0.35
"""Share of a column's end that must already have the label for the rest of that end to be given it."""

STRIDE: Final = 4
"""Rows from one that is looked at to the next."""


def apply_layout_rules(labels: Bits) -> Bits:
    """H×W labels with walls above a ceiling made ceiling, and walls and windows below a floor made floor.

    A window down there is the reflection of one.
    """
    wall = labels == Label.WALL
    ceiling = wall & _reach(labels == Label.CEILING)
    floor = (wall | (labels == Label.WINDOW)) & _reach((labels == Label.FLOOR)[::-1])[::-1]
    ordered = np.where(ceiling, Label.CEILING, labels)
    return np.asarray(np.where(floor & ~ceiling, Label.FLOOR, ordered), dtype=np.uint8)


def _reach(label: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """H×W, true from the top of each column to the lowest row down to which SUPPORT of it has the label.

    Every STRIDE-th row is looked at.
    """
    height = len(label)
    some = label[::STRIDE]
    depth = np.arange(1, len(some) + 1)[:, None]
    supported = some & (np.cumsum(some, axis=0, dtype=np.uint16) >= np.ceil(SUPPORT * depth).astype(np.uint16))
    lowest = np.where(supported.any(axis=0), len(some) - np.argmax(supported[::-1], axis=0), 0)
    return np.asarray(np.arange(height)[:, None] <= (STRIDE * (lowest - 1))[None], dtype=np.bool_)
