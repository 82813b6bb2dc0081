"""WebP files, decoded in half of the memory that Pillow takes, which prepares for animations (RFC 9649).

Pillow includes libwebp, whose plain decoder is called directly.
"""

import ctypes
from collections.abc import Iterator
from functools import cache
from typing import Final

from PIL import Image as Pillow
from PIL import _webp

_CHUNKS_START: Final = 12
_BAND_ROWS: Final = 64


def decode(data: bytes, size: tuple[int, int], *, shrink: int = 1) -> Pillow.Image:
    """A still picture, `RGB` or `RGBA`, as it lies in the file, but `shrink` times smaller.

    Raises ValueError for one that is damaged, or has not the width and height of `size`.
    """
    library, mode = _library(), "RGBA" if _has_alpha(data) else "RGB"
    width, height = ctypes.c_int(), ctypes.c_int()
    if not library.WebPGetInfo(data, len(data), width, height) or (width.value, height.value) != size:
        raise ValueError("not what its header says")
    stride = width.value * len(mode)
    pixels = bytearray(height.value * stride)
    target = (ctypes.c_uint8 * len(pixels)).from_buffer(pixels)
    decoded = library.WebPDecodeRGBAInto if mode == "RGBA" else library.WebPDecodeRGBInto
    if not decoded(data, len(data), target, len(pixels), stride):
        raise ValueError("cannot be decoded")
    picture = Pillow.new(mode, (-(-width.value // shrink), -(-height.value // shrink)))
    for top in range(0, picture.height, _BAND_ROWS):  # a second whole picture would take too much memory
        rows = pixels[top * shrink * stride : (top + _BAND_ROWS) * shrink * stride]
        band = Pillow.frombuffer(mode, (width.value, len(rows) // stride), rows, "raw", mode, 0, 1)
        picture.paste(band.reduce(shrink), (0, top))
    return picture


def exif(data: bytes) -> Pillow.Exif:
    """The EXIF metadata, empty where there is none; raises whatever Pillow raises where it is damaged."""
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


def _has_alpha(data: bytes) -> bool:
    """RFC 9649, 2.7 and 3.4: a bit of the first chunk, of which `VP8 ` has none."""
    first = data[_CHUNKS_START : _CHUNKS_START + 4]
    return bool((first == b"VP8X" and data[20] & 0x10) or (first == b"VP8L" and data[24] & 0x10))


@cache
def _library() -> ctypes.CDLL:
    """libwebp's simple decoding functions, found through Pillow's own module that links it."""
    library = ctypes.CDLL(_webp.__file__)
    integer = ctypes.POINTER(ctypes.c_int)
    library.WebPGetInfo.argtypes = [ctypes.c_char_p, ctypes.c_size_t, integer, integer]
    library.WebPGetInfo.restype = ctypes.c_int
    pixels = ctypes.POINTER(ctypes.c_uint8)
    for function in (library.WebPDecodeRGBInto, library.WebPDecodeRGBAInto):
        function.argtypes = [ctypes.c_char_p, ctypes.c_size_t, pixels, ctypes.c_size_t, ctypes.c_int]
        function.restype = ctypes.c_void_p
    return library
