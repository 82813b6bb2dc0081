"""The photo's light, parted from its paint.

A surface of one paint shows its light: radiance = albedo × shading, so the ratio of a pixel to the surface's reference
is shading alone, and another albedo under the same ratio is the same surface repainted (the ratio images of Land and
McCann's retinex, 1971; recolouring by ratio as in Beigpour and van de Weijer, ICCV 2011).
"""

from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.lite import colour

Floats: TypeAlias = NDArray[np.float32]

DARKEST: Final = 0.004
"""Luminance below which a reference says nothing: sensor noise would become paint."""

TINT: Final = 0.45
"""Exponent of the light's own colour on a repainted surface; 1 keeps all of it and with it what is left of the old
paint, 0 makes lamplight grey."""


def reference(light: Floats, mask: NDArray[np.uint8]) -> Floats:
    """The typical linear colour of a region, 3 values: the median, of which highlights and dirt know nothing."""
    pixels = light[mask.astype(bool)]
    if not len(pixels):
        return np.full(3, 0.5, dtype=np.float32)
    sparse = pixels[:: max(1, len(pixels) // 20_000)]
    return np.asarray(np.maximum(np.median(sparse, axis=0), DARKEST), dtype=np.float32)


def shading(light: Floats, base: Floats, *, tint: float = TINT) -> Floats:
    """H×W×3: how much brighter than its reference each pixel is lit, per channel."""
    bright = colour.luminance(light)
    grey = bright / float(colour.LUMINANCE @ base)
    if tint == 0.0:
        return cv2.merge([grey, grey, grey]).astype(np.float32, copy=False)
    coloured = (light / base) / np.maximum(grey, 1e-3)[..., None]
    return np.asarray(grey[..., None] * np.clip(coloured, 0.5, 2.0) ** tint, dtype=np.float32)


def lit(albedo: Floats, shade: Floats) -> Floats:
    """Albedo under a shading, both broadcastable to H×W×3, in 0–1.

    Proportional up to the reference; above it a shoulder that starts with the same slope and nears 1, so that
    highlights neither clip nor turn grey.
    """
    room = np.maximum(1.0 - albedo, 1e-3)
    over = np.maximum(shade - 1.0, 0.0)
    shoulder = room * (1.0 - np.exp(-over * albedo / room))
    return np.asarray(albedo * np.minimum(shade, 1.0) + shoulder, dtype=np.float32)
