"""WebP files, decoded in half of the memory that Pillow takes, which prepares for animations (RFC 9649).

Pillow includes libwebp, whose plain decoder is called directly.
"""

import ctypes
import struct
from functools import cache
from typing import Final

from PIL import Image as Pillow
from PIL import _webp

MAX_CHUNKS: Final = 1000
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


def size(data: bytes) -> tuple[int, int, bool]:
    """Width, height and whether it is animated (RFC 9649, section 2); raises ValueError where it is damaged."""
    if 8 + int.from_bytes(data[4:8], "little") > len(data):
        raise ValueError("cut off")
    match data[_CHUNKS_START : _CHUNKS_START + 4]:
        case b"VP8X":
            width, height = (int.from_bytes(data[place : place + 3], "little") + 1 for place in (24, 27))
            return width, height, bool(data[20] & 0x02)
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF, False
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, False
        case _:
            raise ValueError("no known chunk")


def metadata(data: bytes) -> dict[bytes, bytes]:
    """The first `EXIF` and `ICCP` chunk, each empty where there is none; raises ValueError for too many chunks."""
    found = {b"EXIF": b"", b"ICCP": b""}
    position = _CHUNKS_START
    for _ in range(MAX_CHUNKS):
        if position + 8 > len(data):
            return found
        name, length = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
        if found.get(name) == b"":
            found[name] = data[position + 8 : position + 8 + length]
        position += 8 + length + length % 2
    raise ValueError("too many chunks")


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
