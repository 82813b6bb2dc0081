"""The grade: exposure, contrast, warmth and saturation of the picture as a whole."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from diffusion.lite import colour
from diffusion.styles import Light

Floats: TypeAlias = NDArray[np.float32]


def graded(light: Floats, grade: Light) -> Floats:
    """H×W×3 linear light under a style's grade."""
    gains = np.array([1 + 0.3 * grade.warmth, 1.0, 1 - 0.4 * grade.warmth], dtype=np.float32)
    gains *= 2.0**grade.exposure
    lit = 1.0 - (1.0 - np.clip(light, 0, 1)) ** gains
    grey = colour.luminance(lit)[..., None]
    return np.clip(grey + (1 + grade.saturation) * (lit - grey), 0.0, 1.0).astype(np.float32)
