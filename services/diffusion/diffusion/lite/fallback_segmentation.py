"""Ceiling, walls and floor of a photo that came without a segmentation, guessed from position and colour.

A guess is taken to the photo's edges, and painted or not, as any map is (`regions`): what ends in the open stays.
"""

from typing import Final

import cv2
import numpy as np

from diffusion.lite.labels import Label, Layout
from diffusion.lite.morphology import Bits
from diffusion.lite.parameters import FALLBACK
from servicekit.imaging import colour
from servicekit.imaging.arrays import Mask, floats
from servicekit.imaging.resizing import reduced

PLACES: Final = ((Label.CEILING, FALLBACK.ceiling), (Label.FLOOR, FALLBACK.floor), (Label.WALL, FALLBACK.wall))
"""Where each mostly is, and which rows it may reach."""


def fallback_layout(photo: Bits) -> Layout:
    """The rough layout of a photo (H×W×3 sRGB) without any map; OTHER wherever nothing speaks for a surface."""
    small = np.asarray(cv2.medianBlur(reduced(photo, FALLBACK.side), 5), dtype=np.uint8)
    lab = colour.lab(colour.linear(small)) * floats([0.5, 1.0, 1.0])
    labels = np.full(lab.shape[:2], Label.OTHER, dtype=np.uint8)
    row = (np.arange(len(lab)) + 0.5)[:, None] / len(lab)
    for region, (first, last, highest, lowest) in PLACES:
        free = labels == Label.OTHER
        seeds = free & (row >= first) & (row <= last)
        if seeds.any():
            away = np.linalg.norm(lab - np.median(lab[seeds], axis=0), axis=2)
            like = _seeded(free & (away < FALLBACK.like), seeds)
            reached = like & (row >= highest) & (row <= lowest)
            if reached.sum() >= FALLBACK.kept * like.sum():
                labels[reached] = region
    full = cv2.resize(labels, photo.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    confidence = np.full(full.shape, FALLBACK.confidence, dtype=np.float32)
    return Layout(labels=np.asarray(full, dtype=np.uint8), confidence=confidence)


def _seeded(like: Mask, seeds: Mask) -> Mask:
    """The connected parts that hold a seed."""
    count, numbers = cv2.connectedComponents(like.astype(np.uint8), connectivity=4)
    held = np.zeros(count, dtype=bool)
    held[np.unique(numbers[seeds & like])] = True
    return np.asarray(held[numbers])
