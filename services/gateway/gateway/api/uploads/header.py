"""What a photo says about itself, read and judged before anything is decoded.

The format is what the first bytes say, never what the name or the content type claims. What a file holds beside its
picture is left behind here: the decoder gets the picture alone.
"""

import io
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.api.uploads import heif_items, jpeg_stream, png_stream, webp
from gateway.api.uploads.polyglot import hidden_format
from servicekit.errors import InvalidArgument

MAX_PIXELS: Final = 50_000_000
MIN_SIDE: Final = 256
MAX_ASPECT: Final = 16
"""Largest ratio of long side to short side: with more, the short side of the kept photo would show nothing."""
FIELD: Final = "file"

DAMAGED: Final = (
    *(OSError, EOFError, SyntaxError, RuntimeError, struct.error),
    *(ValueError, OverflowError, TypeError, LookupError),
)
"""What decoders, Pillow's plugins and this package raise over broken files."""

_PNG_SIGNATURE: Final = png_stream.SIGNATURE
_HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis"})
_AVIF_BRAND: Final = b"avif"
_STILL_BRAND: Final = b"mif1"
"""A still picture of any codec: the compatible brands say of which."""
_SEQUENCES: Final = frozenset({b"hevc", b"hevx", b"msf1", b"avis"})
_MAX_CODED_SHARE: Final = 4
"""How many times as many pixels as a HEIC or AVIF picture its coded parts may have: tiles reach over its edges, and
transparency is a picture of its own."""
_CODED_PIXELS: Final = 4_000_000
"""Beyond that; what tiles of small pictures have."""
_BRANDS_BYTES: Final = 256
"""More than any encoder lists."""


class PhotoFormat(StrEnum):
    """Formats that are taken, by Pillow's names."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    HEIF = "HEIF"
    AVIF = "AVIF"


@dataclass(frozen=True, kw_only=True)
class PhotoHeader:
    """What is known before decoding."""

    format: PhotoFormat
    width: int
    """Pixels, before any orientation is applied."""
    height: int

    stream: bytes
    """What the decoder gets: the picture, without anything else that the file holds."""

    bytes_per_pixel: int
    """About what decoding takes at its peak, as measured with pictures of 50 megapixels; 0 where the decoder scales as
    it reads and never holds the whole picture."""

    ended: bool = True
    """Whether the picture's data ends as it should; where not, rows may be missing."""

    exif: bytes | None = None
    """TIFF structure of its EXIF data, empty for none; None where the decoder reads it."""

    profile: bytes | None = None
    """ICC profile, empty for sRGB; None where the decoder reads it."""

    @property
    def decoding_bytes(self) -> int:
        """About what decoding takes at its peak."""
        return self.width * self.height * self.bytes_per_pixel

    def check_memory(self, limit: int) -> None:
        """Raises InvalidArgument naming `file` where decoding takes more bytes than `limit`."""
        if self.decoding_bytes > limit:
            most = limit / self.bytes_per_pixel / 1e6
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
        header = _READERS[kind](data)
    except DAMAGED as error:
        raise unreadable(kind) from error
    _judge(header.width, header.height)
    return header


def sniff(data: bytes) -> PhotoFormat:
    """The format that the first bytes show; raises InvalidArgument for one that is not taken."""
    if data.startswith(b"\xff\xd8\xff"):
        return PhotoFormat.JPEG
    if data.startswith(_PNG_SIGNATURE):
        return PhotoFormat.PNG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return PhotoFormat.WEBP
    if data[4:8] == b"ftyp":
        return _sniff_brands(data)
    raise _unsupported("The file is not a JPEG, PNG, WebP, HEIC or AVIF picture.")


def _sniff_brands(data: bytes) -> PhotoFormat:
    """ISO/IEC 14496-12, 4.3: a major brand, its version, and brands that the file is compatible with."""
    major = data[8:12]
    listed = data[16 : min(int.from_bytes(data[:4]), _BRANDS_BYTES)]
    compatible = {listed[place : place + 4] for place in range(0, len(listed), 4)}
    if major in _SEQUENCES:
        raise _animation()
    if major == _AVIF_BRAND or (major == _STILL_BRAND and _AVIF_BRAND in compatible):
        return PhotoFormat.AVIF
    if major in _HEIF_BRANDS or major == _STILL_BRAND:
        return PhotoFormat.HEIF
    raise _unsupported("The file is not a JPEG, PNG, WebP, HEIC or AVIF picture.")


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


def _read_jpeg(data: bytes) -> PhotoHeader:
    try:
        image = jpeg_stream.parse(data)
    except jpeg_stream.UnsupportedJpegError as error:
        raise _unsupported(
            f"The photo is a JPEG with {error}, which is not taken. Save it as an ordinary JPEG."
        ) from error
    return PhotoHeader(
        format=PhotoFormat.JPEG,
        width=image.width,
        height=image.height,
        stream=image.stream,
        bytes_per_pixel=6 if image.buffered else 0,
        ended=image.ended,
        exif=image.exif,
        profile=image.profile,
    )


def _read_png(data: bytes) -> PhotoHeader:
    try:
        image = png_stream.parse(data)
    except png_stream.AnimatedPngError as error:
        raise _animation() from error
    return PhotoHeader(
        format=PhotoFormat.PNG,
        width=image.width,
        height=image.height,
        stream=image.stream,
        bytes_per_pixel=7,
        exif=image.exif,
        profile=image.profile,
    )


def _read_webp(data: bytes) -> PhotoHeader:
    width, height, animated = webp.size(data)
    if animated:
        raise _animation()
    chunks = webp.metadata(data)
    return PhotoHeader(
        format=PhotoFormat.WEBP,
        width=width,
        height=height,
        stream=data,
        bytes_per_pixel=9,
        exif=chunks[b"EXIF"],
        profile=chunks[b"ICCP"],
    )


def _check_parts(data: bytes, width: int, height: int) -> None:
    """Raises InvalidArgument where decoding would take far more than the picture's size tells."""
    most = min(_MAX_CODED_SHARE * width * height + _CODED_PIXELS, 2 * MAX_PIXELS)
    if heif_items.coded_pixels(data) > most:
        raise _unsupported(
            "The photo is made of parts that are much larger than itself. Save it as an ordinary picture."
        )


def _read_heif(data: bytes) -> PhotoHeader:
    from pi_heif import open_heif  # noqa: PLC0415 - most processes never see one, and it is large

    width, height = open_heif(io.BytesIO(data), convert_hdr_to_8bit=True).size
    _check_parts(data, width, height)
    return PhotoHeader(format=PhotoFormat.HEIF, width=width, height=height, stream=data, bytes_per_pixel=9)


def _read_avif(data: bytes) -> PhotoHeader:
    from PIL.AvifImagePlugin import AvifImageFile  # noqa: PLC0415 - most processes never see one

    with AvifImageFile(io.BytesIO(data)) as picture:  # reads boxes; decodes nothing yet
        width, height = picture.size
        size = 12 if picture.mode == "RGBA" else 9
    _check_parts(data, width, height)
    return PhotoHeader(format=PhotoFormat.AVIF, width=width, height=height, stream=data, bytes_per_pixel=size)


_READERS: Final[Mapping[PhotoFormat, Callable[[bytes], PhotoHeader]]] = {
    PhotoFormat.JPEG: _read_jpeg,
    PhotoFormat.PNG: _read_png,
    PhotoFormat.WEBP: _read_webp,
    PhotoFormat.HEIF: _read_heif,
    PhotoFormat.AVIF: _read_avif,
}


def _animation() -> InvalidArgument:
    return _refusal("IMAGE_ANIMATED", "The file is an animation; send a single picture.")


def _unsupported(message: str) -> InvalidArgument:
    return _refusal("IMAGE_UNSUPPORTED", message)


def _refusal(reason: str, message: str) -> InvalidArgument:
    return InvalidArgument(reason, message, field=FIELD)
