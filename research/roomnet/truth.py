"""What is true of a rendered picture: labels, depth, objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from research.roomnet.labels import INDEX, UNLABELLED
from research.roomnet.scene.scene import Part

Parts: TypeAlias = NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A thing that detection should find."""

    thing: str
    part: int
    box: tuple[int, int, int, int]
    """Left, top, right, bottom in pixels; right and bottom lie just outside."""

    pixels: int


def labels(part: Parts, parts: Sequence[Part]) -> NDArray[np.uint8]:
    """H×W indices of ADE20K; UNLABELLED where nothing was hit."""
    table = np.array([*(INDEX[one.label] for one in parts), UNLABELLED], np.uint8)
    found: NDArray[np.uint8] = table[part]  # −1 picks the last
    return found


def depth_millimetres(depth: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Metres to millimetres; 0 where nothing was hit or it is further than 65 m."""
    millimetres = np.round(depth * 1000)
    return np.where(millimetres < 1 << 16, millimetres, 0).astype(np.uint16)


def things(part: Parts, parts: Sequence[Part], *, least: float = 0.0005) -> list[Seen]:
    """Whatever detection has a word for and covers at least the share `least` of the picture, largest first."""
    found = []
    for number in np.unique(part):
        if number < 0 or not parts[number].thing:
            continue
        rows, columns = np.nonzero(part == number)
        if len(rows) >= least * part.size:
            box = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
            found.append(Seen(thing=parts[number].thing, part=int(number), box=box, pixels=len(rows)))
    return sorted(found, key=lambda one: -one.pixels)
