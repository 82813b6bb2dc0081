"""WebP files, decoded in a third of the memory that Pillow takes, which prepares for animations (RFC 9649)."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from PIL import Image as Pillow

_CHUNKS_START: Final = 12
_BAND_ROWS: Final = 64
_ORDERS: Final = {3: ("RGB", [2, 1, 0]), 4: ("RGBA", [2, 1, 0, 3])}
"""Mode, and where in OpenCV's pixels each of its channels is, by their number."""


def decode(data: bytes, *, shrink: int = 1) -> Pillow.Image:
    """A still picture, `RGB` or `RGBA`, as it lies in the file, but `shrink` times smaller.

    Raises ValueError for one that is damaged.
    """
    import cv2  # noqa: PLC0415 - most processes never see a WebP, and it is large

    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise ValueError("cannot be decoded") from error
    if pixels is None or pixels.ndim != 3 or pixels.shape[2] not in _ORDERS:
        raise ValueError("cannot be decoded")
    mode, order = _ORDERS[pixels.shape[2]]
    height, width = pixels.shape[:2]
    picture = Pillow.new(mode, (-(-width // shrink), -(-height // shrink)))
    for top in range(0, picture.height, _BAND_ROWS):  # a second whole picture would take too much memory
        band = pixels[top * shrink : (top + _BAND_ROWS) * shrink, :, order]
        picture.paste(Pillow.fromarray(np.ascontiguousarray(band)).reduce(shrink), (0, top))
    return picture


def exif(data: bytes) -> Pillow.Exif:
    """What the camera says; raises what Pillow raises over metadata that is damaged."""
    found = Pillow.Exif()
    found.load(chunk(data, b"EXIF"))
    return found


def chunk(data: bytes, name: bytes) -> bytes:
    """The content of the first chunk of a name, such as `EXIF` or `ICCP`; empty where there is none."""
    return next((content for found, content in _chunks(data) if found == name), b"")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = _CHUNKS_START
    while position + 8 <= len(data):
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        yield data[position : position + 4], data[position + 8 : position + 8 + size]
        position += 8 + size + size % 2
