"""The first image of a JPEG file, parted from everything else in it (ITU-T T.81, annex B).

Phones put clips, depth maps and second images behind a picture, cameras put thumbnails into its metadata. Only the
first image's own markers count, and the decoder gets those segments alone that it needs.
"""

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

MAX_SEGMENTS: Final = 1000
"""Of one image; a panorama's extended XMP takes a few hundred."""
MAX_SCANS: Final = 100
"""Of a progressive JPEG; ordinary ones have about ten, and each costs a pass over the whole picture."""
MAX_PROFILE_BYTES: Final = 4 * 2**20
EOI: Final = b"\xff\xd9"

_SOI, _EOI, _SOS, _DHT, _DQT, _DRI, _DAC = 0xD8, 0xD9, 0xDA, 0xC4, 0xDB, 0xDD, 0xCC
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {_DHT, 0xC8, _DAC}
_DECODABLE: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended sequential and progressive, each with Huffman coding."""
_PROGRESSIVE: Final = 0xC2
_ARITHMETIC: Final = 0xC9
"""The first of the frames with arithmetic coding."""
_BITS: Final = 8
_NEEDED: Final = frozenset({_DHT, _DQT, _DRI, _APP14})
_ENTROPY_END: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""Within compressed data 0xFF is followed by 0x00 or a restart marker."""
_MARKER: Final = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_EXIF: Final = b"Exif\0\0"
_ICC: Final = b"ICC_PROFILE\0"
_JFIF: Final = b"JFIF\0"


class UnsupportedJpegError(ValueError):
    """A sound JPEG of a kind that the decoder does not know; the message names it."""


@dataclass(frozen=True, kw_only=True)
class JpegStream:
    """The first image of a file."""

    width: int
    height: int

    stream: bytes
    """What a decoder needs of it: tables, frame, scans, and an EOI marker, which the file may lack."""

    ended: bool
    """Whether the image was followed by its EOI marker; where not, rows may be missing."""

    buffered: bool
    """Whether the decoder holds all coefficients at once: progressive, or components in scans of their own."""

    exif: bytes
    """TIFF structure of the first EXIF segment; empty where there is none."""

    profile: bytes
    """ICC profile; empty where there is none, or one that is incomplete or too large."""


def parse(data: bytes) -> JpegStream:
    """Walks the markers of the first image; raises ValueError (struct.error) where it is damaged.

    Raises UnsupportedJpegError for arithmetic coding, lossless and hierarchical frames and other than 8 bits.
    """
    kept, profile = [memoryview(b"\xff\xd8")], list[bytes]()
    frame, scans, exif, ended, interleaved = None, 0, b"", False, False
    for segment in _segments(data):
        body = segment.body
        if segment.marker == _EOI:
            ended = True
            break
        if segment.marker in _FRAMES:
            if frame:
                raise ValueError("two frames")
            frame = _frame(segment)
            kept.append(segment.whole)
        elif segment.marker == _SOS:
            if not frame or not body or scans == MAX_SCANS:
                raise ValueError("a scan without a frame, or too many scans")
            scans += 1
            kept.append(segment.whole)
            interleaved = not frame.progressive and body[0] == frame.components
            if interleaved:  # nothing that follows is needed
                ended = data.startswith(EOI, segment.end)
                break
        elif segment.marker in _NEEDED or (segment.marker == _APP0 and body.startswith(_JFIF)):
            kept.append(segment.whole)
        elif segment.marker == _APP1 and body.startswith(_EXIF):
            exif = exif or body.removeprefix(_EXIF)
        elif segment.marker == _APP2 and body.startswith(_ICC):
            profile.append(body.removeprefix(_ICC))
    if not frame or not scans:
        raise ValueError("no picture")
    return JpegStream(
        width=frame.width,
        height=frame.height,
        stream=b"".join((*kept, EOI)),
        ended=ended,
        buffered=not interleaved,
        exif=exif,
        profile=_profile(profile),
    )


@dataclass(frozen=True, kw_only=True)
class _Segment:
    marker: int
    whole: memoryview
    """From the marker to the end, compressed data of a scan included."""
    body: bytes
    """What follows the length."""
    end: int
    """Where the next marker is to be."""


@dataclass(frozen=True, kw_only=True)
class _Frame:
    width: int
    height: int
    components: int
    progressive: bool


def _segments(data: bytes) -> Iterator[_Segment]:
    """All up to EOI, included, or to where nothing sound follows; raises ValueError for too many."""
    position = 2
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.match(data, position)
        if not found:
            return
        marker, start = found.group(1)[0], found.end()
        end = start if marker == _EOI else start + int.from_bytes(data[start : start + 2])
        if marker == _SOI or end > len(data) or (marker != _EOI and end < start + 2):
            return
        body = data[start + 2 : end]
        if marker == _SOS:
            following = _ENTROPY_END.search(data, end)
            end = following.start() if following else max(end, len(data.rstrip(b"\xff")))
        yield _Segment(marker=marker, whole=memoryview(data)[start - 2 : end], body=body, end=end)
        position = end
    raise ValueError("too many segments")


def _frame(segment: _Segment) -> _Frame:
    """T.81, B.2.2."""
    precision, height, width, components = struct.unpack_from(">BHHB", segment.body)
    if segment.marker not in _DECODABLE:
        raise UnsupportedJpegError("arithmetic coding" if segment.marker >= _ARITHMETIC else "a lossless frame")
    if precision != _BITS:
        raise UnsupportedJpegError(f"{precision} bits a sample")
    return _Frame(width=width, height=height, components=components, progressive=segment.marker == _PROGRESSIVE)


def _profile(parts: Sequence[bytes]) -> bytes:
    """Parts in their order (ICC.1:2022, annex B.4); empty where one is missing, or all are too large."""
    numbered = {part[0]: part[2:] for part in parts if len(part) > 2}
    complete = bool(numbered) and sorted(numbered) == list(range(1, parts[0][1] + 1))
    if not complete or sum(map(len, numbered.values())) > MAX_PROFILE_BYTES:
        return b""
    return b"".join(numbered[number] for number in sorted(numbered))
