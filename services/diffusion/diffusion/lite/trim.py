"""Skirting, cornices and frames: bright bands between two edges of the photo along what a wall ends at."""

from typing import Final

import cv2
import numpy as np

from diffusion.lite.labels import Label
from diffusion.lite.morphology import Bits, bits, grown
from diffusion.lite.sizes import enlarged
from servicekit.imaging.arrays import Floats, floats
from servicekit.imaging.resizing import reduced

ENDS: Final = (Label.FLOOR, Label.CEILING, Label.WINDOW, Label.DOOR)
"""What trim runs along."""
REACH: Final = 0.035
"""How far from them it may lie, in long sides; what goes on beyond is the wall."""
BEYOND: Final = 0.05
"""Share of a band that may."""
LONGEST_ALONE: Final = 0.06
"""Long sides that a band must measure; a socket is shorter."""
SLENDER: Final = 3.0
"""How many times longer than wide it is at least."""
AROUND: Final = 0.07
"""Half the width of the neighbourhood that tells the wall's own lightness, in long sides."""
BRIGHTER: Final = 5.0
"""Difference in L* from it."""


def trim(lab: Floats, edges: Bits, labels: Bits, wall: Bits) -> Bits:
    """H×W, 1 on the trim of a wall; `labels` and the wall's mask are H×W, `lab` and `edges` perhaps smaller."""
    side = max(lab.shape)
    names, inside = reduced(labels, side, nearest=True), reduced(wall, side, nearest=True)
    near = grown(bits(np.isin(names, ENDS)), round(REACH * side))
    count, numbers, stats, _centres = cv2.connectedComponentsWithStats(inside & (1 - edges), connectivity=4)
    area = np.maximum(stats[:, cv2.CC_STAT_AREA], 1)
    length = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    beyond = np.bincount(numbers.ravel(), weights=1.0 - near.ravel(), minlength=count) / area
    window = (2 * round(AROUND * side) + 1,) * 2
    weight = floats(inside)
    usual = cv2.blur(lab[..., 0] * weight, window) / (cv2.blur(weight, window) + 1e-3)
    brighter = np.bincount(numbers.ravel(), weights=(lab[..., 0] - usual).ravel(), minlength=count) / area
    good = (beyond <= BEYOND) & (brighter > BRIGHTER) & (length >= LONGEST_ALONE * side)
    good &= length * length >= SLENDER * area
    good[0] = False
    # the edges' own pixels are shared with what is on their other side
    found = grown(bits(good[numbers]), 2) & inside
    return bits(enlarged(floats(found), wall.shape) > 0.5) & wall
