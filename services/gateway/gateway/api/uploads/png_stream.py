"""A PNG file's picture, parted from everything else in it (PNG specification, third edition).

What is not needed for the picture never decides: text, times, profiles that are broken and ancillary chunks with a
wrong checksum are left out, and the decoder gets the critical chunks alone.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.api.uploads import icc

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS: Final = 1000
"""Beside those of picture data, which encoders cut as small as they like."""
MIN_DATA_BYTES: Final = 256
"""Mean size of a chunk of picture data below which so many of them are refused."""
MAX_PROFILE_BYTES: Final = 4 * 2**20

_CRITICAL: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", b"tRNS"})
"""`tRNS` is ancillary by name; without it the picture would be another."""
_END: Final = b"\0\0\0\0IEND\xaeB`\x82"
_MAX_NAME_BYTES: Final = 79
_CHROMATICITY: Final = 100_000


class AnimatedPngError(ValueError):
    """More than one frame."""


@dataclass(frozen=True, kw_only=True)
class PngStream:
    """The picture of a file."""

    width: int
    height: int

    stream: bytes
    """A PNG of the chunks that a decoder needs."""

    exif: bytes
    """TIFF structure of the `eXIf` chunk; empty where there is none."""

    profile: bytes
    """ICC profile, as embedded or made from `gAMA` and `cHRM`; empty for sRGB."""


def parse(data: bytes) -> PngStream:
    """Walks the chunks up to `IEND`; raises ValueError where what is needed is damaged, AnimatedPngError."""
    kept: list[bytes | memoryview] = [SIGNATURE]
    size: tuple[int, int] | None = None
    others: dict[bytes, bytes] = {}
    for name, chunk, sound in _chunks(data):
        body = chunk[8:-4]
        if name in _CRITICAL:
            if not sound:
                raise ValueError(f"{name!r} is damaged")
            kept.append(chunk)
            size = size or struct.unpack_from(">II", body)
        elif name == b"acTL" and len(body) >= 4 and struct.unpack_from(">I", body)[0] > 1:
            raise AnimatedPngError
        elif name in (b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"eXIf") and sound:
            others.setdefault(name, bytes(body))
    if size is None:
        raise ValueError("no IHDR")
    kept.append(_END)
    return PngStream(
        width=size[0], height=size[1], stream=b"".join(kept), exif=others.get(b"eXIf", b""), profile=_profile(others)
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, bool]]:
    """Name, whole chunk, and whether its checksum is right; ends before `IEND` or where the file ends.

    Raises ValueError for a critical chunk that is cut off, and for more chunks than a picture has.
    """
    view, position, count, data_count = memoryview(data), len(SIGNATURE), 0, 0
    while position + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if name == b"IEND":
            return
        data_count += name == b"IDAT"
        count += name != b"IDAT"
        if count > MAX_CHUNKS or data_count > MAX_CHUNKS + len(data) // MIN_DATA_BYTES:
            raise ValueError("too many chunks")
        if end > len(data):
            if name in _CRITICAL:
                raise ValueError(f"{name!r} is cut off")
            return
        chunk = view[position:end]
        yield name, chunk, zlib.crc32(chunk[4:-4]) == struct.unpack_from(">I", chunk, 8 + length)[0]
        position = end


def _profile(chunks: dict[bytes, bytes]) -> bytes:
    """What the colours mean (13.13 and 11.3.2): an embedded profile, else sRGB where it says so, else gamma."""
    if embedded := chunks.get(b"iCCP"):
        name_end = embedded.find(b"\0", 0, _MAX_NAME_BYTES + 1)
        if name_end > 0 and embedded[name_end + 1 : name_end + 2] == b"\0":
            return _inflated(embedded[name_end + 2 :])
        return b""
    if b"sRGB" in chunks or len(chunks.get(b"gAMA", b"")) != 4:
        return b""
    gamma = struct.unpack(">I", chunks[b"gAMA"])[0] / _CHROMATICITY
    chromaticities = icc.SRGB
    if len(chunks.get(b"cHRM", b"")) == 32:
        values = [value / _CHROMATICITY for value in struct.unpack(">8I", chunks[b"cHRM"])]
        chromaticities = icc.Chromaticities(
            white=(values[0], values[1]),
            red=(values[2], values[3]),
            green=(values[4], values[5]),
            blue=(values[6], values[7]),
        )
    return icc.gamma_profile(chromaticities, file_gamma=gamma)


def _inflated(packed: bytes) -> bytes:
    decompressor = zlib.decompressobj()
    try:
        profile = decompressor.decompress(packed, MAX_PROFILE_BYTES)
    except zlib.error:
        return b""
    return profile if decompressor.eof else b""
