"""Ceiling, walls and floor of a photo that came without a segmentation, from position, colour and smoothness.

Each is grown from where it usually is in photos of rooms, over neighbours of similar colour. The rest is probably
furniture, and stays as it is.
"""

from typing import Final

import cv2
import numpy as np

from diffusion.lite.edge_evidence import edge_coverage, edges
from diffusion.lite.labels import Label, Layout
from diffusion.lite.morphology import Bits, share_of
from servicekit.imaging import colour
from servicekit.imaging.arrays import Floats, floats
from servicekit.imaging.resizing import reduced

SIDE: Final = 192
"""Long side, in pixels, at which regions are grown."""
CONFIDENCE: Final = 0.5
"""Of all labels found here: enough to be painted, too little to be clad."""
PLACES: Final = (
    (Label.CEILING, slice(0.0, 0.08), slice(0.15, 0.85)),
    (Label.FLOOR, slice(0.9, 1.0), slice(0.2, 0.8)),
    (Label.WALL, slice(0.2, 0.5), slice(0.0, 1.0)),
)
"""Where each mostly is: rows and columns as shares of the picture."""
REACHES: Final = {Label.CEILING: slice(0.0, 0.35), Label.FLOOR: slice(0.55, 1.0), Label.WALL: slice(0.0, 0.85)}
"""Rows that each may reach."""
CALM: Final = 4.0
"""Change of colour from pixel to pixel, in L*a*b*, below which a pixel tells of a surface."""
LIKE: Final = 11.0
"""Distance in L*a*b* at which a colour is still the surface's, its lightness counted half: shading is light."""
LEAK: Final = 0.03
"""Share of a surface that may lie beyond them; more means that it has run into another."""
LEAST_OUTLINE: Final = 0.6
"""Share of its border that must lie on the photo's edges."""
LEAST: Final = 0.04
"""Share of the picture that a surface must fill."""


def fallback_layout(photo: Bits) -> Layout:
    """The layout of a photo (H×W×3 sRGB) without any map; OTHER wherever there is no evidence of a surface."""
    small = reduced(photo, SIDE)
    lab = colour.lab(colour.linear(np.asarray(cv2.medianBlur(small, 5), dtype=np.uint8)))
    lab[..., 0] /= 2
    height, width = lab.shape[:2]
    calm = _change(lab) < CALM
    steps = edges(lab)
    labels = np.full((height, width), Label.OTHER, dtype=np.uint8)
    for region, rows, columns in PLACES:
        place = np.zeros((height, width), dtype=bool)
        place[_part(rows, height), _part(columns, width)] = True
        seeds = place & calm & (labels == Label.OTHER)
        if seeds.sum() < LEAST * place.sum():
            continue
        away = np.linalg.norm(lab - np.median(lab[seeds], axis=0), axis=2)
        like = np.asarray((away < LIKE) & (labels == Label.OTHER), dtype=np.uint8)
        grown = _seeded_parts(like, seeds)
        inside = np.ascontiguousarray(grown[_part(REACHES[region], height)])
        leaked = 1.0 - cv2.countNonZero(inside) / max(1, cv2.countNonZero(grown))
        if share_of(grown) >= LEAST and leaked <= LEAK and edge_coverage(grown, steps) >= LEAST_OUTLINE:
            labels[grown > 0] = region
    full = cv2.resize(labels, photo.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    confidence = np.full(full.shape, CONFIDENCE, dtype=np.float32)
    return Layout(labels=np.asarray(full, dtype=np.uint8), confidence=confidence)


def _change(lab: Floats) -> Floats:
    """H×W, the largest change of any channel over a pixel's neighbourhood."""
    kernel = np.ones((3, 3), dtype=np.uint8)
    return floats(np.max(cv2.morphologyEx(lab, cv2.MORPH_GRADIENT, kernel), axis=2))


def _seeded_parts(like: Bits, seeds: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Bits:
    """The connected parts of `like` that hold a seed, closed over small gaps."""
    closed = cv2.morphologyEx(like, cv2.MORPH_CLOSE, np.ones((3, 3), dtype=np.uint8))
    count, numbers = cv2.connectedComponents(closed, connectivity=4)
    held = np.zeros(count, dtype=np.uint8)
    held[np.unique(numbers[seeds])] = 1
    held[0] = 0
    return np.asarray(held[numbers], dtype=np.uint8)


def _part(share: slice, length: int) -> slice:
    return slice(int(share.start * length), max(int(share.start * length) + 1, round(share.stop * length)))
