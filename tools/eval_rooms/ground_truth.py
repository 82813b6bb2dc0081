"""What is known of a photo, read from its files.

Labels are reduced to five surfaces, in which all data sets agree: wall, floor with rugs, ceiling, window with door and
blind, and everything else.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from servicekit.imaging.arrays import RGB
from servicekit.imaging.resizing import Number, reduced
from servicekit.types.rooms import RoomType
from tools.eval_rooms.collection import Source

SURFACES: Final = ("wall", "floor", "ceiling", "window", "furniture")
UNLABELLED: Final = 255
LONG_SIDE: Final = 1024
"""Pixels; larger photos are reduced to it, as the gateway does with uploads."""
SMALLEST: Final = 16
"""Pixels on the short side."""

_ADE: Final = {"wall": (0,), "floor": (3, 28), "ceiling": (5,), "window": (8, 14, 58, 63)}
"""Of ADE20K's 0-based indices; all others are furniture."""
_ADE_PANE: Final = 8
_NYU: Final = {"wall": (0,), "floor": (1, 19), "ceiling": (21,), "window": (7, 8, 12)}
"""Of NYU-40's 0-based indices; all others are furniture."""
_NYU_PANE: Final = 8


class UnreadableError(Exception):
    """A file is no picture, or not what its name says; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A photo and what is known of it."""

    name: str

    rgb: RGB
    """H×W×3, the long side at most LONG_SIDE."""

    surfaces: NDArray[np.uint8] | None = None
    """H×W indices into SURFACES, or UNLABELLED."""

    panes: NDArray[np.bool_] | None = None
    """H×W, true where a window is seen; doors and blinds are not."""

    depth: NDArray[np.float32] | None = None
    """H×W, in whatever unit; 0 where it is missing."""

    room_type: RoomType | None = None

    half: Literal["A", "B"] | None = None
    """Of the photos without labels; see collection.Source."""

    is_room: bool = True


def read(source: Source) -> Photo:
    """Reads all files of a photo; raises UnreadableError."""
    rgb = _rgb(source.picture)
    shape = (rgb.shape[0], rgb.shape[1])
    surfaces, panes = None, None
    if source.ade20k is not None:
        labels = _fitting(_values(source.ade20k), shape, source.ade20k)
        surfaces = np.where(labels == 0, UNLABELLED, from_ade20k(labels.astype(np.int64) - 1)).astype(np.uint8)
        panes = labels == _ADE_PANE + 1
    elif source.nyu40 is not None:
        labels = _fitting(_values(source.nyu40), shape, source.nyu40)
        surfaces = np.where(labels == UNLABELLED, UNLABELLED, _reduced(labels, _NYU)).astype(np.uint8)
        panes = labels == _NYU_PANE
    depth = None if source.depth is None else _fitting(_depth(source.depth), shape, source.depth)
    return Photo(
        name=source.name,
        rgb=reduced(rgb, LONG_SIDE, least=SMALLEST),
        surfaces=None if surfaces is None else _nearest(surfaces),
        panes=None if panes is None else _nearest(panes.astype(np.uint8)) > 0,
        depth=None if depth is None else _nearest(depth),
        room_type=source.room_type,
        half=source.half,
        is_room=source.is_room,
    )


def from_ade20k(labels: NDArray[np.integer]) -> NDArray[np.uint8]:
    """ADE20K's 0-based indices as indices into SURFACES."""
    return _reduced(labels, _ADE)


def _reduced(labels: NDArray[np.integer], table: dict[str, tuple[int, ...]]) -> NDArray[np.uint8]:
    surfaces = np.full(labels.shape, SURFACES.index("furniture"), dtype=np.uint8)
    for name, indices in table.items():
        surfaces[np.isin(labels, indices)] = SURFACES.index(name)
    return surfaces


def _rgb(file: Path) -> NDArray[np.uint8]:
    with _opened(file) as picture:
        pixels = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    if min(pixels.shape[:2]) < SMALLEST:
        raise UnreadableError(f"{file.name} is smaller than {SMALLEST} pixels")
    return pixels


def _values(file: Path) -> NDArray[Any]:
    """Values as stored, H×W: indices of a palette picture, 16-bit depth."""
    with _opened(file) as picture:
        values = np.asarray(picture)
    if values.ndim != 2:
        raise UnreadableError(f"{file.name} has {values.ndim} dimensions, expected one value a pixel")
    return values


def _depth(file: Path) -> NDArray[np.float32]:
    """Depth along the camera's axis. Kinect's raw disparities and SUN's rotated bits are told by the file's name."""
    values = _values(file).astype(np.uint16)
    if "NYU" in file.name:
        disparity = values.byteswap().astype(np.float32)
        metres = 351.3 / np.maximum(1092.5 - disparity, 1)
        return np.where((disparity > 0) & (metres < 10), metres, 0).astype(np.float32)
    if "SUN" in file.name:
        return np.asarray((values >> 3) | (values << 13), dtype=np.float32)
    return values.astype(np.float32)


def _opened(file: Path) -> Image.Image:
    try:
        picture = Image.open(file)
        picture.load()
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError) as error:
        raise UnreadableError(f"{file.name} cannot be read: {error}") from error
    return picture


def _fitting(values: NDArray[Any], shape: tuple[int, int], file: Path) -> NDArray[Any]:
    """Values at the picture's size; raises UnreadableError where they are of another form."""
    if abs(values.shape[0] / values.shape[1] - shape[0] / shape[1]) > 0.05 * shape[0] / shape[1]:
        raise UnreadableError(f"{file.name} has another form than its picture: {values.shape} and {shape}")
    return np.asarray(cv2.resize(values, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST_EXACT))


def _nearest(values: NDArray[Number]) -> NDArray[Number]:
    return reduced(values, LONG_SIDE, nearest=True, least=SMALLEST)
