"""Smaller versions of a photo and all that belongs to it."""

from dataclasses import replace
from typing import TypeAlias, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.domain import RGB, Maps, Restyling

Number = TypeVar("Number", np.uint8, np.float32)

Size: TypeAlias = tuple[int, int]
"""Width and height, as OpenCV has them."""


def fitted(shape: tuple[int, ...], side: int) -> Size:
    """The size of a picture of that shape with its long side at most `side`."""
    height, width = shape[:2]
    scale = min(1.0, side / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


def shrunk_photo(photo: RGB, side: int) -> RGB:
    """The photo with its long side at most `side`, by area average."""
    size = fitted(photo.shape, side)
    if size == (photo.shape[1], photo.shape[0]):
        return photo
    return cv2.resize(photo, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def shrunk(restyling: Restyling, side: int) -> Restyling:
    """The same request on a smaller photo; a pixel is kept where any part of it was."""
    photo = shrunk_photo(restyling.photo, side)
    if photo is restyling.photo:
        return restyling
    size = (photo.shape[1], photo.shape[0])
    maps = restyling.maps
    keep = restyling.keep
    return replace(
        restyling,
        photo=photo,
        maps=Maps(
            depth=_averaged(maps.depth, size),
            canny=_averaged(maps.canny, size),
            segmentation=_nearest(maps.segmentation, size),
            confidence=_averaged(maps.confidence, size),
        ),
        keep=None if keep is None else cv2.resize(keep.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0,
    )


def _averaged(plane: NDArray[Number] | None, size: Size) -> NDArray[Number] | None:
    return None if plane is None else _resized(plane, size, cv2.INTER_AREA)


def _nearest(labels: NDArray[np.uint8] | None, size: Size) -> NDArray[np.uint8] | None:
    return None if labels is None else _resized(labels, size, cv2.INTER_NEAREST)


def _resized(plane: NDArray[Number], size: Size, interpolation: int) -> NDArray[Number]:
    return np.asarray(cv2.resize(plane, size, interpolation=interpolation), dtype=plane.dtype)
