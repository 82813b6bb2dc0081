"""A thing in another colour under the light that falls on it."""

import numpy as np

from diffusion.lite import light
from diffusion.lite.canvas import Canvas
from diffusion.lite.morphology import Bits
from diffusion.lite.parameters import RECOLOUR
from servicekit.imaging import colour
from servicekit.imaging.arrays import Floats, floats


def recolour(canvas: Canvas, mask: Bits, color: Floats) -> None:
    """Lays a colour (3 values of linear light) on a mask (H×W, 1 inside, not empty), as far as `within_reach`."""
    patch = canvas.patch(mask)
    base = patch.typical()
    shade = canvas.shade(patch, mask, base, tint=RECOLOUR.tint)
    canvas.lay(patch, light.lit(within_reach(color, base), shade, gloss=float(colour.LUMINANCE @ base)))


def within_reach(color: Floats, base: Floats) -> Floats:
    """The colour, its lightness brought within RECOLOUR.darker and RECOLOUR.lighter of what the thing has now."""
    wanted, now = colour.lab(np.stack([color, base]))
    luminance = min(1.0, RECOLOUR.brightest * float(colour.LUMINANCE @ base))
    highest = min(
        float(now[0]) + RECOLOUR.lighter, float(colour.lab(np.full((1, 3), luminance, dtype=np.float32))[0, 0])
    )
    lightness = float(np.clip(wanted[0], now[0] - RECOLOUR.darker, highest))
    if lightness == wanted[0]:
        return color
    fade = min(1.0, (lightness + 10.0) / (float(wanted[0]) + 10.0))
    return floats(colour.from_lab(floats([[lightness, wanted[1] * fade, wanted[2] * fade]]))[0])


def turns_grey(color: Floats, base: Floats) -> bool:
    """Whether the thing is so dark that a pale colour on it would come out as mere grey."""
    wanted, reached = colour.lab(np.stack([color, within_reach(color, base)]))
    return bool(wanted[0] - reached[0] > RECOLOUR.clearly and np.hypot(wanted[1], wanted[2]) < RECOLOUR.pale)
