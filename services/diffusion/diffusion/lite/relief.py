"""The shading of a surface without the pattern of what is on it now."""

from typing import Final

import cv2
import numpy as np

from diffusion.lite import light
from diffusion.lite.morphology import Bits
from diffusion.lite.smoothing import smooth
from servicekit.imaging import colour
from servicekit.imaging.arrays import Floats, floats
from servicekit.imaging.resizing import reduced

OLD_PATTERN: Final = 0.05
"""Variance of log luminance up to which detail is taken for the old material's pattern and smoothed away; contact
shadows, reflections and patches of sun vary by more."""
REACH: Final = 0.045
"""Radius of that smoothing in long sides: about the width of a board near the camera."""
JOINT: Final = 0.008
"""Half the width in long sides of the joints and knots that a median takes out first (Tukey, 1977)."""
SIDE: Final = 512
"""Long side, in pixels, at which shading is smoothed."""
TINT: Final = 0.2
"""As light.TINT, but less: the old material's colour is all over its own reflections."""
STOPS: Final = 12.0
"""Range, in powers of two below white, of the luminance that the median sees in 255 steps."""


def smooth_shading(photo: Floats, mask: Bits, base: Floats) -> Floats:
    """Shading (h×w×3, the long side at most SIDE) inside of a mask (H×W) of a photo against a reference colour."""
    small = reduced(photo, SIDE)
    weight = reduced(floats(mask), SIDE)
    stops = np.log2(np.maximum(colour.luminance(small), 2.0**-STOPS))
    logarithm = _without_joints(floats(stops), weight, float(np.log2(colour.LUMINANCE @ base))) * np.float32(np.log(2))
    radius = max(2, round(REACH * max(small.shape)))
    shade = np.exp(smooth(floats(logarithm), weight, radius, OLD_PATTERN)) / float(colour.LUMINANCE @ base)
    return floats(shade[..., None] * light.tint(small, mask, base, amount=TINT))


def _without_joints(stops: Floats, weight: Floats, usual: float) -> Floats:
    """H×W log luminance through a median that sees the surface alone; outside of it the surface's usual value."""
    inside = np.where(weight > 0.5, stops, np.float32(usual))
    levels = np.rint((inside + STOPS) * (255.0 / STOPS)).astype(np.uint8)
    size = 2 * max(1, round(JOINT * max(stops.shape))) + 1
    calm = cv2.medianBlur(levels, size).astype(np.float32) * (STOPS / 255.0) - STOPS
    # near the border the median would mix in what stands around: contact shadows live there
    deep = cv2.erode((weight > 0.5).astype(np.uint8), np.ones((size, size), dtype=np.uint8)) > 0
    return floats(np.where(deep, calm, stops))
