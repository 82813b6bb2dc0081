"""What controlmaps talks about, free of wire formats and engines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from servicekit.imaging.arrays import RGB, Mask
from servicekit.types.control_maps import MapKind
from servicekit.types.rooms import RoomType


@dataclass(frozen=True, kw_only=True)
class Classification:
    """What a photo shows."""

    rooms: Mapping[RoomType, float]
    """Probability of every type; they sum to 1."""

    room_probability: float
    """That it shows a room at all, 0–1."""


@dataclass(frozen=True, kw_only=True)
class Segmentation:
    """A label for every pixel."""

    labels: NDArray[np.uint8]
    """H×W ADE20K indices, 0–149."""

    confidence: NDArray[np.float32]
    """H×W, the label's probability of being right, 0–1."""


class Analysis(TypedDict, total=False):
    """An engine's answers about a photo: those that were asked for, and perhaps others."""

    classification: Classification

    depth: NDArray[np.float32]
    """H×W inverse depth up to scale and shift: near is large."""

    segmentation: Segmentation


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where an engine sees things in a picture."""

    surfaces: Segmentation

    depth: NDArray[np.float32] | None = None
    """H×W inverse depth; None where the engine's depth follows from the surfaces and says nothing beyond them."""


@dataclass(frozen=True, kw_only=True)
class ControlMap:
    """A control map, drawn."""

    kind: MapKind

    pixels: NDArray[np.uint8]
    """H×W×3 RGB for a segmentation, else H×W grey."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A photo and its restyled version, to compare."""

    original: RGB

    result: RGB
    """Of the original's size."""

    kept: Mask | None
    """Of the original's size, true where nothing was to change; None where anything was."""

    palette: NDArray[np.uint8]
    """K×3 sRGB; K is 0 where no palette was asked for."""

    seen: Segmentation | None = None
    """What the engine has seen in the original before, of its size; None where it has to look."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How good a restyled photo is; each score in 0–1, 1 is best."""

    structure: float
    palette: float
    keep: float
    sharpness: float
    overall: float
