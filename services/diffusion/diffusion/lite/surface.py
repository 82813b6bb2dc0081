"""Which part of a region is sure enough to be repainted."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from diffusion.lite.canvas import Canvas
from diffusion.lite.regions import Region

LEAST_AREA: Final = 0.002
"""Share of the picture below which a region is not worth the risk."""

LEAST_CONFIDENCE: Final = 0.35
"""A pixel whose label is less sure stays."""


def sure(canvas: Canvas, region: Region) -> NDArray[np.uint8] | None:
    """H×W, 1 where the region is sure; None, and a note for the manifest, where it is not worth painting."""
    whole = canvas.layout.mask(region)
    if whole.mean() < LEAST_AREA:
        return None
    mask = whole * (canvas.layout.confidence >= LEAST_CONFIDENCE)
    if mask.mean() < LEAST_AREA:
        canvas.note(region, whole, "")
        return None
    return mask.astype(np.uint8)
