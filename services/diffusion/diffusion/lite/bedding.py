"""Blankets told from the bed's frame, which bear one label: by lightness."""

from typing import Final

import cv2
import numpy as np

from diffusion.lite.edge_evidence import edge_coverage
from diffusion.lite.morphology import Bits, bits, opened
from servicekit.imaging.arrays import Floats
from servicekit.imaging.resizing import reduced

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
FINE: Final = 0.012
"""Long sides: what is narrower is a pattern,"""
COARSE: Final = 0.6
"""and this share of each is not."""
DYED: Final = 0.15
"""Chroma against L* + 16 from which colour tells cloths apart,"""
ONE_DYE: Final = 0.5
"""and the share by which both sides differ in it at most where they are one cloth in light and in shade."""


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
    colours = lab[small > 0]
    textile = bits(cv2.medianBlur(bits((lightness > threshold) & (small > 0)), 5))
    one_cloth = _is_one_cloth(colours[light].mean(axis=0), colours[~light].mean(axis=0))
    if one_cloth or _is_pattern(textile, small & (1 - textile)) or edge_coverage(textile, edges) < LEAST_OUTLINE:
        return bed
    cloth = bits(cv2.resize(textile, bed.shape[::-1], interpolation=cv2.INTER_NEAREST)) & bed
    return cloth if cloth.any() else bed


def _is_pattern(light: Bits, dark: Bits) -> bool:
    """Whether two masks interlace as the figures of a fabric do."""
    radius = max(1, round(FINE * max(light.shape) / 2))
    return any(int(opened(one, radius).sum()) < COARSE * int(one.sum()) for one in (light, dark))


def _is_one_cloth(light: Floats, dark: Floats) -> bool:
    """Whether two colours, 3 values of L*a*b* each, are those of one dye.

    Less of the same light takes a*, b* and L* + 16 down in proportion, by the cube roots in L*a*b*'s definition.
    """
    one, other = light[1:] / (light[0] + 16.0), dark[1:] / (dark[0] + 16.0)
    strongest = max(float(np.hypot(*one)), float(np.hypot(*other)))
    return strongest > DYED and float(np.hypot(*(one - other))) < ONE_DYE * strongest
