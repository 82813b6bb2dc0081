"""The shading of a surface without the pattern of what is on it now."""

from typing import Final

import cv2
import numpy as np

from diffusion.lite import colour, light
from diffusion.lite.arrays import Bits, Floats, floats
from diffusion.lite.sizes import enlarged, reduced
from diffusion.lite.smoothing import smooth

OLD_PATTERN: Final = 0.035
"""Variance of log luminance up to which detail is taken for the old material's pattern and smoothed away; contact
shadows, reflections and patches of sun vary by more."""
REACH: Final = 0.02
"""Radius of that smoothing in long sides."""
SIDE: Final = 512
"""Long side, in pixels, at which shading is smoothed."""
TINT: Final = 0.2
"""As light.TINT, but less: the old material's colour is all over its own reflections."""


def smooth_shading(photo: Floats, mask: Bits, base: Floats) -> Floats:
    """H×W×3 shading inside of a mask against a reference colour."""
    small = reduced(photo, SIDE)
    weight = reduced(floats(mask), SIDE)
    logarithm = floats(np.log(np.maximum(colour.luminance(small), light.DARKEST)))
    radius = max(2, round(REACH * max(small.shape)))
    shade = np.exp(smooth(logarithm, weight, radius, OLD_PATTERN)) / float(colour.LUMINANCE @ base)
    window = (4 * radius + 1, 4 * radius + 1)
    around = floats(cv2.blur(small * weight[..., None], window) / (cv2.blur(weight, window)[..., None] + 1e-3) / base)
    tint = np.clip(around / np.maximum(colour.luminance(around), 1e-3)[..., None], 0.5, 2.0)
    return enlarged(floats(shade[..., None] * (1.0 + TINT * (tint - 1.0))), photo.shape)
