"""How far a picture is from the colours that it was to show."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from servicekit.imaging import colour
from servicekit.imaging.arrays import RGB, Mask
from servicekit.imaging.palette import clusters

MAIN_COLOURS: Final = 8
SIDE: Final = 96
"""Pixels to a side of the square thumbnail whose colours are counted."""


def palette_delta_e(picture: RGB, meant: Mask | None, palette: Sequence[str]) -> float | None:
    """Mean ΔE2000 from each colour asked for to the nearest of the main colours of the part that was `meant` to change.

    None stands for the whole picture, and so does a part of next to no pixels. None comes back without a palette.
    """
    if not palette:
        return None
    thumbnail = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    pixels = np.asarray(thumbnail, dtype=np.uint8).reshape(-1, 3)
    if meant is not None:
        free = cv2.resize(meant.astype(np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_NEAREST).reshape(-1) == 1
        pixels = pixels[free] if free.sum() >= MAIN_COLOURS else pixels
    centres, _shares = clusters(colour.lab(colour.linear(pixels)), MAIN_COLOURS, iterations=20, precision=0.5)
    return float(colour.delta_e(colour.lab_of_hex(palette)[:, None], centres[None]).min(axis=1).mean())
