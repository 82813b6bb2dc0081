"""The sizes that models work at, and photos brought to them."""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from servicekit.imaging.arrays import RGB


class WorkingSize(Protocol):
    """What size a model takes a photo at."""

    def of(self, height: int, width: int) -> tuple[int, int]:
        """Height and width to work at."""


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """Always the same size; proportions are lost."""

    height: int
    width: int

    def of(self, height: int, width: int) -> tuple[int, int]:
        """That size."""
        return self.height, self.width


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Proportions are kept as well as the limits allow."""

    shorter: int
    """Of the shorter side."""

    longer: int
    """The longer side is at most this; a panorama is squeezed rather than cropped."""

    multiple: int
    """Both sides are multiples of this."""

    def of(self, height: int, width: int) -> tuple[int, int]:
        """The shorter side at `shorter`, the longer in proportion."""
        longer = min(self.longer, self.shorter * max(height, width) / min(height, width))
        longer = max(self.multiple, round(longer / self.multiple) * self.multiple)
        return (self.shorter, longer) if height <= width else (longer, self.shorter)


def resized(photo: RGB, size: tuple[int, int]) -> RGB:
    """A photo at another height and width, averaged where it shrinks."""
    height, width = size
    if photo.shape[:2] == size:
        return photo
    shrinks = height * width < photo.shape[0] * photo.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(photo, (width, height), interpolation=interpolation), dtype=np.uint8)
