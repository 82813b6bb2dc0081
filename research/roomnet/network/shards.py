"""Shards as the arrays that training keeps in memory: 0.75 MB a room. Free of torch, so that a process can do it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from research.roomnet import dataset
from research.roomnet.network import groups
from research.roomnet.rooms.random import ROOM_TYPES

UNTYPED: Final = -100
"""What cross-entropy passes over: an empty room has no type."""

NOTHING: Final = 255
"""Surface number of what is none."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Rooms of one size; those taken upright lie on their side."""

    image: NDArray[np.uint8]
    """N×H×W×3, sRGB."""

    albedo: NDArray[np.uint8]
    """N×H×W×3, square root of reflectance × 255."""

    shading: NDArray[np.float16]
    """N×H×W, light on the first diffuse surface."""

    depth: NDArray[np.float16]
    """N×H×W, metres; 0 where unknown."""

    groups: NDArray[np.uint8]
    """N×H×W, indices into `groups.NAMES`, or IGNORED."""

    surface: NDArray[np.uint8]
    """N×H×W, numbered anew from 0 for each room; NOTHING where there is none."""

    room: NDArray[np.int16]
    """N, indices into ROOM_TYPES, or UNTYPED."""

    upright: NDArray[np.bool_]
    """N."""


def read(path: Path) -> Stack:
    """All rooms of a shard; raises ValueError where pictures are of more than one size."""
    table = groups.table()
    rows = [_row(one, table) for one in dataset.load(path)]
    sizes = {row["image"].shape for row in rows}
    if len(sizes) != 1:
        raise ValueError(f"{path} holds pictures of several sizes: {sorted(sizes)}")
    return Stack(**{name: np.stack([row[name] for row in rows]) for name in rows[0]})


def _row(one: dataset.Example, table: NDArray[np.uint8]) -> dict[str, Any]:
    upright = one.image.shape[0] > one.image.shape[1]
    maps = {
        "image": one.image,
        "albedo": one.albedo,
        "shading": np.minimum(one.shading, 100),
        "depth": (one.depth * np.float32(0.001)).astype(np.float16),
        "groups": table[one.labels],
        "surface": _numbered(one.surface),
    }
    if upright:
        maps = {name: np.swapaxes(array, 0, 1) for name, array in maps.items()}
    kind = UNTYPED if one.room_type == "other" else ROOM_TYPES.index(one.room_type)
    return {**maps, "room": np.int16(kind), "upright": np.bool_(upright)}


def _numbered(surface: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """65536 numbers to 256: those that occur, in order; what comes after the 254th shares a number."""
    there = np.flatnonzero(np.bincount(surface.ravel(), minlength=1 << 16)[:-1])
    numbers = np.full(1 << 16, NOTHING, np.uint8)
    numbers[there] = np.minimum(np.arange(len(there)), NOTHING - 1)
    return numbers[surface]
