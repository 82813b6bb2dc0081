"""What a photo says about itself, read and judged before anything is decoded.

The format is what the first bytes say, never what the name or the content type claims.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from PIL.JpegImagePlugin import JpegImageFile

from gateway.api.uploads.polyglot import hidden_format
from servicekit.errors import InvalidArgument

MAX_PIXELS: Final = 50_000_000
MIN_SIDE: Final = 256
MAX_ASPECT: Final = 16
"""Largest ratio of long side to short side: with more, the short side of the kept photo would show nothing."""
MAX_SCANS: Final = 100
"""Most scans of a progressive JPEG: ordinary ones have about ten, and each costs a pass over the whole picture."""
FIELD: Final = "file"

DAMAGED: Final = (
    *(OSError, EOFError, SyntaxError, RuntimeError, struct.error),
    *(ValueError, OverflowError, TypeError, LookupError),
)
"""What decoders, Pillow's plugins and this package raise over broken files."""

_SCAN: Final = b"\xff\xda"
"""Begins each scan of a JPEG; within compressed data, 0xFF is always followed by 0x00."""
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})
_HEIF_SEQUENCES: Final = frozenset({b"hevc", b"hevx", b"msf1"})


class PhotoFormat(StrEnum):
    """Formats that are taken, by Pillow's names."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    HEIF = "HEIF"


_BYTES_PER_PIXEL: Final = {PhotoFormat.JPEG: 6, PhotoFormat.PNG: 7, PhotoFormat.WEBP: 9, PhotoFormat.HEIF: 9}


@dataclass(frozen=True, kw_only=True)
class PhotoHeader:
    """What is known before decoding."""

    format: PhotoFormat
    width: int
    """Pixels, before any orientation is applied."""
    height: int

    whole: bool
    """Whether the decoder must hold the whole picture at once, whatever the size wanted."""

    @property
    def decoding_bytes(self) -> int:
        """Memory that decoding takes at its peak, roughly, as measured with pictures of 50 megapixels."""
        return self.width * self.height * _BYTES_PER_PIXEL[self.format] if self.whole else 0

    def check_memory(self, limit: int) -> None:
        """Raises InvalidArgument naming `file` where decoding takes more bytes than `limit`."""
        if self.decoding_bytes > limit:
            most = limit / _BYTES_PER_PIXEL[self.format] / 1e6
            message = (
                f"The photo has {self.width}×{self.height} pixels; at most {most:.0f} megapixels are taken of a "
                f"{self.format} picture like this one."
            )
            raise _refusal("IMAGE_TOO_LARGE", message)


def read_header(data: bytes) -> PhotoHeader:
    """Reads and judges a photo's header; raises InvalidArgument naming `file`."""
    if not data:
        raise _refusal("FILE_EMPTY", "The photo has no bytes.")
    kind = sniff(data)
    hidden = hidden_format(data)
    if hidden:
        raise _refusal("IMAGE_AMBIGUOUS", f"The photo is also {hidden}.")
    try:
        width, height = _SIZES[kind](data)
    except DAMAGED as error:
        raise unreadable(kind) from error
    _judge(width, height)
    scans = data.count(_SCAN) if kind is PhotoFormat.JPEG else 0
    if scans > MAX_SCANS:
        raise unreadable(kind)
    return PhotoHeader(format=kind, width=width, height=height, whole=scans != 1)


def sniff(data: bytes) -> PhotoFormat:
    """The format that the first bytes show; raises InvalidArgument for one that is not taken."""
    brand = data[8:12] if data[4:8] == b"ftyp" else b""
    if data.startswith(b"\xff\xd8\xff"):
        return PhotoFormat.JPEG
    if data.startswith(_PNG_SIGNATURE):
        return PhotoFormat.PNG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return PhotoFormat.WEBP
    if brand in _HEIF_BRANDS:
        return PhotoFormat.HEIF
    if brand in _HEIF_SEQUENCES:
        raise _animation()
    raise _refusal("IMAGE_UNSUPPORTED", "The file is not a JPEG, PNG, WebP or HEIC picture.")


def unreadable(kind: PhotoFormat) -> InvalidArgument:
    """The error for a photo that is broken or incomplete."""
    return InvalidArgument("IMAGE_UNREADABLE", f"The photo is damaged or incomplete {kind}.", field=FIELD)


def _judge(width: int, height: int) -> None:
    short, long = sorted((width, height))
    if width * height > MAX_PIXELS:
        raise _refusal(
            "IMAGE_TOO_LARGE",
            f"The photo has {width}×{height} pixels; at most {MAX_PIXELS // 10**6} megapixels are taken.",
        )
    if short < MIN_SIDE:
        raise _refusal(
            "IMAGE_TOO_SMALL", f"The photo has {width}×{height} pixels; its short side needs {MIN_SIDE} or more."
        )
    if long > MAX_ASPECT * short:
        raise _refusal("IMAGE_TOO_NARROW", f"The photo has {width}×{height} pixels, too narrow to show a room.")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    with JpegImageFile(io.BytesIO(data)) as picture:  # opened past Pillow's own limit: it is judged here
        return picture.size


def _png_size(data: bytes) -> tuple[int, int]:
    """PNG specification (third edition), chapters 5 and 11."""
    size: tuple[int, int] | None = None
    for name, start in _png_chunks(data):
        if name == b"IHDR":
            size = struct.unpack_from(">II", data, start)
        elif name == b"acTL" and struct.unpack_from(">I", data, start)[0] > 1:
            raise _animation()
        elif name == b"IDAT":
            break
    if size is None:
        raise ValueError("no IHDR")
    return size


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
    position = len(_PNG_SIGNATURE)
    while position + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        yield name, position + 8
        position += 12 + length


def _webp_size(data: bytes) -> tuple[int, int]:
    """RFC 9649, section 2."""
    if 8 + int.from_bytes(data[4:8], "little") > len(data):
        raise ValueError("cut off")
    match data[12:16]:
        case b"VP8X":
            if data[20] & 0x02:
                raise _animation()
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case _:
            raise ValueError("no known chunk")


def _heif_size(data: bytes) -> tuple[int, int]:
    from pi_heif import open_heif  # noqa: PLC0415 - most processes never see one, and it is large

    width, height = open_heif(io.BytesIO(data), convert_hdr_to_8bit=True).size
    return width, height


_SIZES: Final = {
    PhotoFormat.JPEG: _jpeg_size,
    PhotoFormat.PNG: _png_size,
    PhotoFormat.WEBP: _webp_size,
    PhotoFormat.HEIF: _heif_size,
}


def _animation() -> InvalidArgument:
    return _refusal("IMAGE_ANIMATED", "The file is an animation; send a single picture.")


def _refusal(reason: str, message: str) -> InvalidArgument:
    return InvalidArgument(reason, message, field=FIELD)
