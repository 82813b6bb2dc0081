"""Skirting, cornices and frames: thin bright bands of a wall along what it ends at."""

from typing import Final

import cv2
import numpy as np

from diffusion.lite.arrays import Bits, Floats, floats
from diffusion.lite.doubt import outlined
from diffusion.lite.morphology import bits, closed, grown, opened
from diffusion.lite.regions import Region
from diffusion.lite.sizes import enlarged, reduced

ENDS: Final = (Region.FLOOR, Region.CEILING, Region.WINDOW, Region.DOOR)
"""What trim runs along."""
REACH: Final = 0.035
"""How far from them it may lie, in long sides."""
THICKEST: Final = 0.022
"""What is wider than this, in long sides, is a wall in the light."""
LONGEST_ALONE: Final = 0.06
"""Long sides that a band must measure; a socket is shorter."""
AROUND: Final = 0.07
"""Half the width of the neighbourhood that tells the wall's own lightness, in long sides."""
BRIGHTER: Final = 5.0
"""Difference in L* from it."""
LEAST_OUTLINE: Final = 0.6
"""Share of a band's border that must lie on the photo's edges; light ends softly."""


def trim(lab: Floats, edges: Bits, labels: Bits, wall: Bits) -> Bits:
    """H×W, 1 on the trim of a wall; `labels` and the wall's mask are H×W, `lab` and `edges` perhaps smaller."""
    side = max(lab.shape)
    names, inside = reduced(labels, side, nearest=True), reduced(wall, side, nearest=True)
    near = grown(bits(np.isin(names, ENDS)), round(REACH * side)) & inside
    window = (2 * round(AROUND * side) + 1,) * 2
    weight = floats(inside)
    usual = cv2.blur(lab[..., 0] * weight, window) / (cv2.blur(weight, window) + 1e-3)
    bright = bits((lab[..., 0] - usual > BRIGHTER) & (near > 0))
    thin = bright & ~opened(bright, max(1, round(THICKEST * side / 2)))
    bands = closed(thin, 1) & inside
    count, numbers, stats, _centres = cv2.connectedComponentsWithStats(bands, connectivity=8)
    length = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    found = np.zeros_like(bands)
    for number in range(1, count):
        if length[number] >= LONGEST_ALONE * side:
            band = bits(numbers == number)
            if outlined(band, edges) >= LEAST_OUTLINE:
                found |= band
    return bits(enlarged(floats(grown(found, 1) & inside), wall.shape) > 0.5) & wall
