"""A photo at the small size that it is analysed at, with what several steps measure of it."""

from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

RGB: TypeAlias = NDArray[np.uint8]
"""H×W×3, sRGB, 0–255."""
Plane: TypeAlias = NDArray[np.float32]
"""H×W."""

WORKING_SIDE: Final = 256
"""Long side, in pixels, at which surfaces are decided."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A photo reduced to the working size."""

    rgb: RGB

    lab: NDArray[np.float32]
    """H×W×3 CIE L*a*b*: L 0–100."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.rgb.shape[0], self.rgb.shape[1]


def reduced(photo: RGB, long_side: int) -> RGB:
    """The photo with at most that long side, area-averaged; small photos stay as they are."""
    scale = long_side / max(photo.shape[:2])
    if scale >= 1:
        return photo
    size = (max(1, round(photo.shape[1] * scale)), max(1, round(photo.shape[0] * scale)))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def prepare(photo: RGB) -> Picture:
    """Reduces and measures a photo."""
    rgb = reduced(reduced(photo, 2 * WORKING_SIDE), WORKING_SIDE)
    return Picture(rgb=rgb, lab=to_lab(rgb))


def to_lab(rgb: RGB) -> NDArray[np.float32]:
    """H×W×3 CIE L*a*b* of sRGB."""
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), dtype=np.float32)
