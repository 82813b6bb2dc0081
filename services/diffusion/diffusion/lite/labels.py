"""What each pixel of a photo belongs to, and how sure that is."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from diffusion import surface_classes
from diffusion.lite.fading import Fading
from diffusion.lite.morphology import Bits
from diffusion.lite.parameters import CANVAS
from servicekit.imaging.arrays import Floats
from servicekit.types import ade20k


class Label(IntEnum):
    """What a pixel belongs to; the restyling treats all of one label alike."""

    OTHER = 0
    WALL = 1
    FLOOR = 2
    CEILING = 3
    WINDOW = 4
    DOOR = 5
    CURTAIN = 6
    UPHOLSTERY = 7
    BED = 8
    CUSHION = 9
    RUG = 10
    CABINET = 11


CLASSES: Final = {
    **{Label[surface.name]: names for surface, names in surface_classes.CLASSES.items()},
    Label.WINDOW: ("windowpane", "screen door", "blind"),
    Label.DOOR: ("door",),
    Label.CUSHION: ("cushion", "pillow"),
}
"""The ADE20K classes of each label; every other class is OTHER."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The labels of a photo."""

    labels: Bits
    """H×W, values of Label."""

    confidence: Floats
    """H×W, 0–1."""

    painted: Bits | None = None
    """H×W, 1 where the label is sure enough to be painted by; None before that is known."""

    corrected: NDArray[np.int16] | None = None
    """H×W, the number of the correction that a pixel goes with, −1 for none; None without any."""

    fading: Fading | None = None
    """How what is painted ends; None before that is known, and then sharply."""

    def mask(self, region: Label) -> Bits:
        """H×W, 1 inside."""
        return np.asarray(self.labels == region, dtype=np.uint8)


def layout(segmentation: Bits, confidence: Floats | None) -> Layout:
    """The layout that an ADE20K segmentation and its confidence, both H×W, describe."""
    labels = np.asarray(_table()[segmentation], dtype=np.uint8)
    if confidence is None:
        confidence = np.full(labels.shape, CANVAS.assumed_confidence, dtype=np.float32)
    return Layout(labels=labels, confidence=confidence)


def ade20k_of(regions: Bits) -> Bits:
    """H×W values of Label as ADE20K indices: the first class behind each; `ade20k.UNKNOWN` for OTHER."""
    table = np.full(len(Label), ade20k.UNKNOWN, dtype=np.uint8)
    for region, names in CLASSES.items():
        table[region] = ade20k.index(names[0])
    return np.asarray(table[regions], dtype=np.uint8)


@cache
def _table() -> Bits:
    table = np.zeros(256, dtype=np.uint8)
    for region, names in CLASSES.items():
        for name in names:
            table[ade20k.index(name)] = region
    return table
