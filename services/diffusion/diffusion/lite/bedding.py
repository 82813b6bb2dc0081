"""Blankets told from the bed's frame, which bear one label: by lightness."""

from typing import Final

import cv2
import numpy as np

from diffusion.lite.arrays import Bits, Floats
from diffusion.lite.doubt import outlined
from diffusion.lite.morphology import bits
from diffusion.lite.sizes import reduced

APART: Final = 28.0
"""Difference in mean L* from which a bed is two things,"""
DARK: Final = 40.0
"""where the darker one is as dark as this: dark wood, leather, black iron; not a shadow on linen."""
BLUE: Final = -6.0
"""Mean b* below which the darker part is dyed: neither wood nor leather nor iron."""
LEAST_OUTLINE: Final = 0.7
"""Share of the textile's border that must lie on edges: light and shade on one blanket meet softly."""
LEAST: Final = 0.15
"""Share of the bed that either must have."""


def blankets(lab: Floats, edges: Bits, bed: Bits) -> Bits:
    """The part of a mask (H×W) that is textile; all of it where nothing speaks for a dark frame.

    `lab` is h×w×3 L*a*b* of the photo, perhaps smaller, and `edges` h×w its edges, on which the two must meet. They are
    parted at the lightness that leaves the least variance in either (Otsu, "A threshold selection method from
    gray-level histograms", 1979).
    """
    small = reduced(bed, max(lab.shape), nearest=True)
    lightness = np.rint(np.clip(lab[..., 0], 0.0, 100.0)).astype(np.uint8)
    values = lightness[small > 0]
    if not len(values):
        return bed
    threshold, _ = cv2.threshold(values, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    light = values > threshold
    if not LEAST < light.mean() < 1.0 - LEAST:
        return bed
    dark_mean = float(values[~light].mean())
    blue = float(lab[..., 2][small > 0][~light].mean()) < BLUE
    if blue or dark_mean > DARK or float(values[light].mean()) - dark_mean < APART:
        return bed
    textile = bits(cv2.medianBlur(bits((lightness > threshold) & (small > 0)), 5))
    if outlined(textile, edges) < LEAST_OUTLINE:
        return bed
    cloth = bits(cv2.resize(textile, bed.shape[::-1], interpolation=cv2.INTER_NEAREST)) & bed
    return cloth if cloth.any() else bed
