"""A thing in another colour under the light that falls on it."""

from typing import Final

import numpy as np

from diffusion.lite import light
from diffusion.lite.canvas import Canvas
from diffusion.lite.morphology import Bits
from servicekit.imaging import colour
from servicekit.imaging.arrays import Floats, floats

LIGHTER: Final = 36.0
"""How far up in L* a thing is taken at most: what is black shows noise and dust in place of shading."""
BRIGHTEST: Final = 6.0
"""How many times brighter it is made at most: dust, noise and compression on what is nearly black become as much
brighter."""
DARKER: Final = 42.0
"""How far down."""
CLEARLY: Final = 12.0
"""L* short of its goal from which a pale colour is not itself any more: it turns grey."""
PALE: Final = 14.0
"""Chroma of such a colour."""
TINT: Final = 0.25
"""As light.TINT, but less: what is left of a pattern's colours."""


def recolour(canvas: Canvas, mask: Bits, color: Floats) -> None:
    """Lays a colour (3 values of linear light) on a mask (H×W, 1 inside, not empty), as far as `within_reach`."""
    patch = canvas.patch(mask)
    base = patch.typical()
    shade = canvas.shade(patch, mask, base, tint=TINT)
    canvas.lay(patch, light.lit(within_reach(color, base), shade, gloss=float(colour.LUMINANCE @ base)))


def within_reach(color: Floats, base: Floats) -> Floats:
    """The colour, its lightness brought within DARKER and LIGHTER of what the thing has now."""
    wanted, now = colour.lab(np.stack([color, base]))
    luminance = min(1.0, BRIGHTEST * float(colour.LUMINANCE @ base))
    highest = min(float(now[0]) + LIGHTER, float(colour.lab(np.full((1, 3), luminance, dtype=np.float32))[0, 0]))
    lightness = float(np.clip(wanted[0], now[0] - DARKER, highest))
    if lightness == wanted[0]:
        return color
    fade = min(1.0, (lightness + 10.0) / (float(wanted[0]) + 10.0))
    return floats(colour.from_lab(floats([[lightness, wanted[1] * fade, wanted[2] * fade]]))[0])


def turns_grey(color: Floats, base: Floats) -> bool:
    """Whether the thing is so dark that a pale colour on it would come out as mere grey."""
    wanted, reached = colour.lab(np.stack([color, within_reach(color, base)]))
    return bool(wanted[0] - reached[0] > CLEARLY and np.hypot(wanted[1], wanted[2]) < PALE)
