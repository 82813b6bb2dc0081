"""Photos of any shape brought to sizes that the UNet works at, and back, without stretching."""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from servicekit.imaging.arrays import RGB, Mask

MULTIPLE: Final = 8
"""Sides in pixels are multiples of it: one latent stands for 8×8 pixels."""

BUCKET: Final = 64
"""Sides are multiples of it where a picture is drawn from noise: sizes that Stable Diffusion's finetunes saw, whole on
all levels of the UNet, and those at which the reference annotators draw their maps."""

SLACK: Final = 0.08
"""How far the scale may give way to a bucket."""

MAX_STRETCH: Final = 4
"""No side is longer than this many times the model's own: a panorama gets less height instead."""

MIN_CELLS: Final = 8
"""Least number of latents along a side; the UNet halves the grid three times."""


@dataclass(frozen=True, kw_only=True)
class Letterbox:
    """A photo scaled evenly to the top left, its last row and column repeated to the edges."""

    photo: tuple[int, int]
    """Height and width of the photo."""

    content: tuple[int, int]
    """Height and width of the scaled photo."""

    size: tuple[int, int]
    """Height and width with the repeated edges, multiples of 8."""

    @property
    def repeated(self) -> float:
        """Share of the canvas that is repeated edge, 0–1."""
        return 1 - self.content[0] * self.content[1] / (self.size[0] * self.size[1])

    @property
    def latent(self) -> tuple[int, int]:
        """Height and width in latents."""
        return self.size[0] // MULTIPLE, self.size[1] // MULTIPLE

    def place(self, picture: RGB) -> RGB:
        """A picture of the photo's size, letterboxed."""
        shrinks = self.content[0] < self.photo[0]
        return self._extended(_resized(picture, self.content, cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC))

    def place_labels(self, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Labels (H×W or H×W×C), letterboxed; none is mixed with another."""
        return self._extended(_resized(labels, self.content, cv2.INTER_NEAREST))

    def place_mask(self, mask: Mask) -> Mask:
        """A mask, letterboxed; a pixel belongs to it where all of it does."""
        share = _resized(mask.astype(np.uint8) * 255, self.content, cv2.INTER_AREA)
        return np.asarray(self._extended(share) == 255)

    def crop(self, picture: RGB) -> RGB:
        """The photo's part of a letterboxed picture, at the photo's size."""
        part = np.ascontiguousarray(picture[: self.content[0], : self.content[1]])
        if self.content == self.photo:
            return part
        grows = self.content[0] < self.photo[0]
        return _resized(part, self.photo, cv2.INTER_LANCZOS4 if grows else cv2.INTER_AREA)

    def _extended(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        below, right = self.size[0] - self.content[0], self.size[1] - self.content[1]
        return np.asarray(cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_REPLICATE), dtype=np.uint8)


def letterbox(height: int, width: int, *, side: int, multiple: int = MULTIPLE) -> Letterbox:
    """For a photo of that size: about `side`² pixels, no side longer than MAX_STRETCH × `side`.

    The sides of the canvas are multiples of `multiple`, itself one of 8. Above 8 the scale gives way by up to SLACK, so
    that as little as possible of the canvas is repeated edge.
    """
    scale = min(side / (height * width) ** 0.5, MAX_STRETCH * side / max(height, width))
    fitting = _fitted(height, width, scale, multiple)
    if multiple == MULTIPLE:
        return fitting
    scales = [scale]
    for length in (height, width):
        first, last = (length * scale * (1 + sign * SLACK) / multiple for sign in (-1, 1))
        scales += [count * multiple / length for count in range(max(1, math.ceil(first)), math.floor(last) + 1)]
    options = [_fitted(height, width, one, multiple) for one in scales]
    return min(options, key=lambda one: (one.repeated, abs(one.content[0] / height - scale)))


def enlarged(height: int, width: int, *, long_side: int) -> Letterbox:
    """For a photo of that size: its own size, with its long side at most `long_side`."""
    return _fitted(height, width, min(1.0, long_side / max(height, width)), MULTIPLE)


def _fitted(height: int, width: int, scale: float, multiple: int) -> Letterbox:
    content = max(1, round(height * scale)), max(1, round(width * scale))
    least = -(-MIN_CELLS * MULTIPLE // multiple)
    whole = [max(least, -(-length // multiple)) * multiple for length in content]
    return Letterbox(photo=(height, width), content=content, size=(whole[0], whole[1]))


def _resized(picture: NDArray[np.uint8], size: tuple[int, int], interpolation: int) -> NDArray[np.uint8]:
    if picture.shape[:2] == size:
        return picture
    return np.asarray(cv2.resize(picture, size[::-1], interpolation=interpolation), dtype=np.uint8)
