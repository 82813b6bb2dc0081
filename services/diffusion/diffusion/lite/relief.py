"""The shading of a surface without the pattern of what is on it now."""

import cv2
import numpy as np

from diffusion.lite import light
from diffusion.lite.morphology import Bits
from diffusion.lite.parameters import RELIEF
from diffusion.lite.smoothing import smooth
from servicekit.imaging import colour
from servicekit.imaging.arrays import Floats, floats
from servicekit.imaging.resizing import reduced


def smooth_shading(photo: Floats, mask: Bits, base: Floats) -> Floats:
    """Shading (h×w×3, at most RELIEF.side long) inside of a mask (H×W) of a photo against a reference colour."""
    small = reduced(photo, RELIEF.side)
    weight = reduced(floats(mask), RELIEF.side)
    stops = np.log2(np.maximum(colour.luminance(small), 2.0**-RELIEF.stops))
    logarithm = _without_joints(floats(stops), weight, float(np.log2(colour.LUMINANCE @ base))) * np.float32(np.log(2))
    radius = max(2, round(RELIEF.reach * max(small.shape)))
    shade = np.exp(smooth(floats(logarithm), weight, radius, RELIEF.old_pattern)) / float(colour.LUMINANCE @ base)
    return floats(shade[..., None] * light.tint(small, mask, base, amount=RELIEF.tint))


def _without_joints(stops: Floats, weight: Floats, usual: float) -> Floats:
    """H×W log luminance through a median that sees the surface alone; outside of it the surface's usual value."""
    inside = np.where(weight > 0.5, stops, np.float32(usual))
    levels = np.rint((inside + RELIEF.stops) * (255.0 / RELIEF.stops)).astype(np.uint8)
    size = 2 * max(1, round(RELIEF.joint * max(stops.shape))) + 1
    calm = cv2.medianBlur(levels, size).astype(np.float32) * (RELIEF.stops / 255.0) - RELIEF.stops
    # near the border the median would mix in what stands around: contact shadows live there
    deep = cv2.erode((weight > 0.5).astype(np.uint8), np.ones((size, size), dtype=np.uint8)) > 0
    return floats(np.where(deep, calm, stops))
