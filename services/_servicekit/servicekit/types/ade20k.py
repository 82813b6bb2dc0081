"""ADE20K's 150 classes and the colours that segmentation ControlNets were trained on.

Index 0 is wall; there is no background class. Names and order: Zhou et al., "Scene Parsing through ADE20K" (CVPR
2017); colours: the palette of its reference implementation.
"""

import csv
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

CLASSES: Final = 150
UNKNOWN: Final = 255
"""Label of a pixel whose colour is none of the palette's."""


@cache
def names() -> tuple[str, ...]:
    """Class names in the order of their indices."""
    return tuple(row["name"] for row in _table())


@cache
def index(name: str) -> int:
    """Index of a class; raises ValueError for an unknown name."""
    return names().index(name)


@cache
def palette() -> NDArray[np.uint8]:
    """150×3 RGB."""
    return np.array([list(bytes.fromhex(row["colour"][1:])) for row in _table()], dtype=np.uint8)


def colourise(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """H×W indices 0–149 to H×W×3 RGB."""
    colours: NDArray[np.uint8] = palette()[labels]
    return colours


def labels(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """H×W×3 RGB to H×W indices; UNKNOWN where a colour is not exactly one of the palette's."""
    packed = (colours[..., 0].astype(np.uint32) << 16) | (colours[..., 1].astype(np.uint32) << 8) | colours[..., 2]
    indices: NDArray[np.uint8] = _inverse()[packed]
    return indices


@cache
def _inverse() -> NDArray[np.uint8]:
    table = np.full(1 << 24, UNKNOWN, dtype=np.uint8)
    for position, (red, green, blue) in enumerate(palette().astype(np.uint32)):
        table[(red << 16) | (green << 8) | blue] = position
    return table


@cache
def _table() -> tuple[dict[str, str], ...]:
    with files("servicekit.types").joinpath("ade20k.csv").open(encoding="utf-8") as file:
        return tuple(csv.DictReader(file))
