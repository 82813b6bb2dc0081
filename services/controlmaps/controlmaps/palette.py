"""How well a picture shows the colours that were asked for."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from controlmaps import ciede2000
from controlmaps.domain import RGB, Mask

LONG_SIDE: Final = 160
"""Pixels at which colours are counted: they are areas, not details."""
NEAR: Final = 12.0
"""ΔE2000 within which a pixel shows a colour."""
FAR: Final = 20.0
"""ΔE2000 from which on it does not; between, it counts in part."""
SHADING: Final = 2.0
"""Lightness factor of ΔE2000: a wall keeps its colour in the shade."""
ENOUGH: Final = 0.5
"""Share of the picture in the palette's colours from which on it is fully met: windows, wood and skin are their own."""
SEEN: Final = 0.02
"""Share of the picture from which on one colour counts as shown."""
SEEN_WEIGHT: Final = 0.3
"""How much it counts that every colour is shown, against how much of the picture shows any."""


def score(result: RGB, kept: Mask | None, palette: NDArray[np.uint8]) -> float:
    """0–1 over all pixels that are not kept; 1 where no palette (K×3 sRGB) is given or all is kept."""
    scale = min(1.0, LONG_SIDE / max(result.shape[:2]))
    size = (max(1, round(result.shape[1] * scale)), max(1, round(result.shape[0] * scale)))
    pixels = np.asarray(cv2.resize(result, size, interpolation=cv2.INTER_AREA), dtype=np.uint8).reshape(-1, 3)
    if kept is not None:
        free = cv2.resize(1 - kept.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST).ravel() > 0
        pixels = pixels[free]
    if not len(palette) or not len(pixels):
        return 1.0
    distance = ciede2000.difference(
        ciede2000.lab(pixels)[:, None], ciede2000.lab(palette)[None], lightness_factor=SHADING
    )
    shown = np.clip((FAR - distance) / (FAR - NEAR), 0, 1)
    area = min(1.0, float(shown.max(axis=1).mean()) / ENOUGH)
    seen = float(np.minimum(1.0, shown.mean(axis=0) / SEEN).mean())
    return (1 - SEEN_WEIGHT) * area + SEEN_WEIGHT * seen
