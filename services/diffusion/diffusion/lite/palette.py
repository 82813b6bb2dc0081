"""How far a picture is from the colours that it was to show."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from diffusion.domain import RGB, Region
from diffusion.lite import colour
from diffusion.lite.arrays import floats

MAIN_COLORS: Final = 8
SIDE: Final = 96
"""Pixels to a side of the thumbnail whose colours are counted."""


def palette_delta_e(picture: RGB, kept: Region | None, palette: Sequence[str]) -> float | None:
    """Mean ΔE2000 from each colour asked for to the nearest of the picture's main colours; None without a palette.

    Main colours are the centres of k-means in L*a*b*, begun from equal shares by lightness; kept pixels do not count.
    """
    if not palette:
        return None
    thumbnail = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    pixels = np.asarray(thumbnail, dtype=np.uint8).reshape(-1, 3)
    if kept is not None:
        free = cv2.resize(kept.astype(np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_NEAREST).reshape(-1) == 0
        pixels = pixels[free] if free.sum() >= MAIN_COLORS else pixels
    samples = colour.lab_of(colour.linear(pixels))
    by_lightness = np.argsort(np.argsort(samples[:, 0], kind="stable"), kind="stable")
    first = (by_lightness * MAIN_COLORS // len(samples)).astype(np.int32)[:, None]
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    _compactness, _labels, found = cv2.kmeans(samples, MAIN_COLORS, first, criteria, 1, cv2.KMEANS_USE_INITIAL_LABELS)
    centres = floats(found)
    asked = colour.lab_of(np.stack([colour.from_hex(color) for color in palette]))
    return float(colour.delta_e(asked[:, None], centres[None]).min(axis=1).mean())
