"""How sharply paint ends: on an edge of the photo within pixels, elsewhere gradually.

Where the photo shows no edge, the true border is unknown: a sharp one in the wrong place would be conspicuous.
"""

from typing import Final

import cv2
import numpy as np

from diffusion.lite.labels import Label
from diffusion.lite.morphology import Bits, bits, grown
from diffusion.lite.sizes import enlarged
from servicekit.imaging.arrays import Floats, floats
from servicekit.imaging.resizing import reduced

SHARP: Final = 1.5
"""Width in pixels, at a long side of 1024, over which paint ends on an edge."""
SOFT: Final = 0.02
"""Width in long sides over which it ends elsewhere."""
NEAR: Final = 2
"""Pixels of `edges` within which a border lies on one."""
STRETCH: Final = 0.03
"""Long sides to each side of a point of a border along which it is either sharp or soft as a whole."""
STRAIGHT: Final = 0.95
"""How much of a straight border's gradient one must have under a Gaussian of `BEND` to be drawn sharply: rooms have
straight borders, and who found one knew more than its edge."""
BEND: Final = 0.012
"""Long sides."""
STRAIGHT_SIDE: Final = 256
"""Long side, in pixels, at which that is measured."""


def softness(labels: Bits, edges: Bits) -> Floats:
    """H×W of the labels, 1 around borders without an edge, 0 around those on one and far from any.

    `edges` is h×w, 1 on edges, perhaps smaller than the labels.
    """
    names = reduced(labels, max(edges.shape), nearest=True)
    border = bits(cv2.morphologyEx(names, cv2.MORPH_GRADIENT, np.ones((3, 3), dtype=np.uint8)) > 0)
    straight = _straight(reduced(labels, STRAIGHT_SIDE, nearest=True))
    straight = bits(cv2.resize(straight, names.shape[::-1], interpolation=cv2.INTER_NEAREST))
    certain = border & (grown(edges, NEAR) | straight)
    window = (2 * round(STRETCH * max(edges.shape)) + 1,) * 2
    mostly = cv2.blur(floats(certain), window) >= 0.5 * cv2.blur(floats(border), window)
    sharp = border & bits(mostly)
    reach = max(1, round(SOFT * max(edges.shape) / 2))
    beyond = 1 - grown(sharp, reach)
    zone = floats(cv2.blur(floats(grown(border & ~sharp, reach) & beyond), (reach, reach)))
    return enlarged(floats(zone * beyond), labels.shape)


def _straight(names: Bits) -> Bits:
    """h×w, 1 where a border of a wall with ceiling or floor runs straight."""
    deviation = BEND * max(names.shape)
    straight = np.zeros(names.shape, dtype=np.uint8)
    wall = floats(names == Label.WALL)
    for region in (Label.CEILING, Label.FLOOR):
        own = floats(names == region)
        calm, both = (cv2.GaussianBlur(one, (0, 0), deviation) for one in (own, own + wall))
        across, down = cv2.Sobel(calm, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(calm, cv2.CV_32F, 0, 1, scale=1 / 8)
        steep = cv2.magnitude(across, down) * deviation * np.sqrt(2 * np.pi)
        straight |= bits((steep > STRAIGHT) & (both > STRAIGHT))
    return straight


def share(mask: Bits, soft: Floats, long_side: int) -> Floats:
    """How much of each pixel is inside of a mask (H×W, 1 inside), softly where `soft` (H×W) says so.

    Where masks share a border, so do their shares: they add up to what the union's would be.
    """
    width = max(0.8, SHARP * long_side / 1024)
    sharp = _feathered(mask, 2 * max(1, round(width)) + 1, width / 2)
    if not soft.any():
        return sharp
    spread = SOFT * long_side
    return floats(sharp + soft * (_feathered(mask, 2 * round(spread) + 1, spread / 2) - sharp))


def margin(long_side: int) -> int:
    """Pixels around a mask that its paint may reach."""
    return round(SOFT * long_side) + 4


def _feathered(mask: Bits, size: int, deviation: float) -> Floats:
    return floats(cv2.GaussianBlur(mask.astype(np.float32), (size, size), deviation))
