"""The photo's light, parted from its paint.

A surface of one paint shows its light: radiance = albedo × shading, so the ratio of a pixel to the surface's reference
is shading alone, and another albedo under the same ratio is the same surface repainted (the ratio images of Land and
McCann's retinex, 1971; recolouring by ratio as in Beigpour and van de Weijer, ICCV 2011).
"""

from typing import Final

import numpy as np

from diffusion.lite import colour
from diffusion.lite.arrays import Floats, floats

DARKEST: Final = 0.004
"""Luminance below which a reference says nothing: sensor noise would become paint."""
TINT: Final = 0.4
"""How much of the light's own colour stays on a repainted surface; 1 keeps all of it and with it what is left of the
old paint, 0 makes lamplight grey."""
SAMPLES: Final = 20_000
"""Pixels that a reference is taken from, at most about."""


def reference(pixels: Floats, *, share: float = 0.5) -> Floats:
    """The typical linear colour, 3 values, of a region's N×3 pixels: a quantile, blind to highlights and dirt."""
    sparse = pixels[:: max(1, len(pixels) // SAMPLES)]
    return floats(np.maximum(np.quantile(sparse, share, axis=0), DARKEST))


def shading(pixels: Floats, base: Floats, *, tint: float = TINT) -> Floats:
    """N×3: how much brighter than its reference each pixel is lit, per channel.

    The more saturated the old paint was, the less its channels say of the light's colour.
    """
    tint *= float(base.min() / base.max())
    bright, usual = pixels @ colour.LUMINANCE, float(colour.LUMINANCE @ base)
    grey = bright / usual
    coloured = (pixels + DARKEST) / (base + DARKEST) - ((bright + DARKEST) / (usual + DARKEST))[:, None]
    limit = grey[:, None] * 0.6
    return floats(grey[:, None] + tint * np.clip(coloured, -limit, limit))


def lit(albedo: Floats, shade: Floats) -> Floats:
    """Albedo under a shading, both broadcastable to N×3, in 0–1.

    Proportional up to the reference; above it a shoulder that starts with the same slope and nears 1, so that
    highlights neither clip nor turn grey.
    """
    room = np.maximum(1.0 - albedo, 1e-3)
    over = np.maximum(shade - 1.0, 0.0) * albedo
    return floats(albedo * np.minimum(shade, 1.0) + room * over / (room + over))
