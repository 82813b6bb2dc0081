"""The corpus: inputs of kinds that were met in the wild, made here from our own room, each with what is expected."""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from PIL import Image

from gateway.api.uploads.icc import Chromaticities, gamma_profile

Pixel: TypeAlias = tuple[int, int, int]

SAMPLE_ROOM: Final = Path(__file__).parents[2] / "tests" / "data" / "sample_room" / "photo.jpg"
PATCHES: Final[tuple[Pixel, ...]] = ((200, 40, 40), (40, 160, 40), (40, 60, 200), (220, 200, 60), (128, 128, 128))
"""Colours of equal patches along the bottom of the room, from left to right."""
PATCH_SHARE: Final = 0.1
"""Height of the patches, in heights of the picture."""
PATCH_TOLERANCE: Final = 4
"""By how much a value of a patch may differ, of 255."""

DISPLAY_P3: Final = Chromaticities(white=(0.3127, 0.329), red=(0.68, 0.32), green=(0.265, 0.69), blue=(0.15, 0.06))
_CLIP: Final = b"\0\0\0\x18ftypmp42" + b"\xff\xda\x01\x02" * 60_000
"""What a phone puts behind a motion photo: video, in which `FF DA` stands by chance."""
_TRAILER: Final = b"SEFH" + bytes(3000) + b"SEFT"
_EMPTY_SEGMENT: Final = b"\xff\xe5\0\x02"


@dataclass(frozen=True, kw_only=True)
class Input:
    """A file and what is expected of it."""

    name: str
    data: bytes

    expected: str = "taken"
    """`taken`, or the reason that it is refused for."""

    patches: bool = False
    """Whether the bottom of what is kept must show PATCHES."""

    size: tuple[int, int] | None = None
    """What is kept, in pixels, where that is the point."""


def corpus() -> Iterator[Input]:
    """All of it, the same every time."""
    yield from _jpegs()
    yield from _pngs()
    yield from _other_formats()
    yield from _colours()


@cache
def room(width: int = 640, height: int = 480) -> Image.Image:
    """Our room with PATCHES at its bottom."""
    with Image.open(SAMPLE_ROOM) as photo:
        picture = photo.convert("RGB").resize((width, height))
    top = round(height * (1 - PATCH_SHARE))
    edges = [round(width * number / len(PATCHES)) for number in range(len(PATCHES) + 1)]
    for colour, left, right in zip(PATCHES, edges, edges[1:], strict=False):
        picture.paste(colour, (left, top, right, height))
    return picture


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _jpegs() -> Iterator[Input]:
    exif = Image.Exif()
    exif[0x0112] = 1
    plain = saved(room(), "JPEG", quality=95, subsampling=0)
    thumbnail = saved(room().resize((160, 120)), "JPEG")
    progressive = saved(room(), "JPEG", quality=95, subsampling=0, progressive=True)
    yield Input(name="jpeg", data=plain, patches=True)
    yield Input(name="jpeg with a clip behind it (motion photo)", data=plain + _CLIP, patches=True)
    yield Input(name="jpeg with a second picture behind it", data=plain + thumbnail, patches=True)
    yield Input(
        name="jpeg with a thumbnail in its metadata",
        data=_with_segment(plain, 0xE1, b"Exif\0\0" + thumbnail),
        patches=True,
    )
    yield Input(name="jpeg without an end", data=plain[:-2], patches=True)
    yield Input(name="jpeg with half an end", data=plain[:-1], patches=True)
    yield Input(name="jpeg without an end, with a trailer", data=plain[:-2] + _TRAILER, patches=True)
    yield Input(name="jpeg without an end, with a clip", data=plain[:-2] + _CLIP, patches=True)
    yield Input(name="jpeg that lacks rows", data=plain[: len(plain) * 3 // 4], expected="IMAGE_UNREADABLE")
    yield Input(
        name="jpeg that lacks rows, with a trailer",
        data=plain[: len(plain) * 3 // 4] + _TRAILER,
        expected="IMAGE_UNREADABLE",
    )
    yield Input(
        name="jpeg that lacks rows, with an end",
        data=plain[: len(plain) // 2] + _TRAILER[:100] + plain,
        expected="IMAGE_UNREADABLE",
    )
    yield Input(name="progressive jpeg", data=progressive, patches=True)
    yield Input(name="progressive jpeg without an end", data=progressive[:-2], patches=True)
    scan = progressive.rindex(b"\xff\xda")
    endless = progressive[:scan] + progressive[scan:-2] * 120 + b"\xff\xd9"
    yield Input(name="progressive jpeg of over 100 scans", data=endless, expected="IMAGE_UNREADABLE")
    arithmetic = plain.replace(b"\xff\xc0", b"\xff\xc9", 1)
    yield Input(name="jpeg with arithmetic coding", data=arithmetic, expected="IMAGE_UNSUPPORTED")
    yield Input(name="lossless jpeg", data=plain.replace(b"\xff\xc0", b"\xff\xc3", 1), expected="IMAGE_UNSUPPORTED")
    yield Input(
        name="jpeg of 1,200 empty segments",
        data=plain[:2] + _EMPTY_SEGMENT * 1200 + plain[2:],
        expected="IMAGE_UNREADABLE",
    )
    yield Input(
        name="jpeg of 14 MB of empty segments",
        data=plain[:2] + _EMPTY_SEGMENT * 3_600_000 + plain[2:],
        expected="IMAGE_UNREADABLE",
    )
    yield Input(name="jpeg with 14 MB of fill bytes", data=plain[:2] + b"\xff" * 14_000_000 + plain[2:], patches=True)
    for orientation, size in ((1, (640, 480)), (6, (480, 640))):
        exif[0x0112] = orientation
        yield Input(name=f"jpeg of EXIF orientation {orientation}", data=saved(room(), "JPEG", exif=exif), size=size)


def _pngs() -> Iterator[Input]:
    plain = saved(room(), "PNG")
    text = b"Comment\0\0" + zlib.compress(bytes(1_600_000))
    noise = zlib.compress(bytes(range(256)) * 6000)
    yield Input(name="png", data=plain, patches=True)
    yield Input(name="png with 1.6 MB of text", data=_with_chunk(plain, b"zTXt", text), patches=True)
    yield Input(
        name="png with a profile of 1.5 MB that is none",
        data=_with_chunk(plain, b"iCCP", b"p\0\0" + noise),
        patches=True,
    )
    yield Input(
        name="png with a wrong checksum in a text",
        data=_with_chunk(plain, b"tEXt", b"k\0v", sum_off_by=1),
        patches=True,
    )
    data_sum = plain.index(b"IDAT") - 4
    end = data_sum + 12 + struct.unpack_from(">I", plain, data_sum)[0]
    broken = bytearray(plain)
    broken[end - 1] ^= 0xFF
    yield Input(name="png with a wrong checksum in its data", data=bytes(broken), expected="IMAGE_UNREADABLE")
    yield Input(name="png without an end", data=plain[:-12], patches=True)
    yield Input(name="png whose data is cut off", data=plain[: len(plain) * 3 // 4], expected="IMAGE_UNREADABLE")
    many = plain[:33] + _chunk(b"tEXt", b"k\0v") * 1200 + plain[33:]
    yield Input(name="png of 1,200 tiny chunks", data=many, expected="IMAGE_UNREADABLE")
    yield Input(name="png in chunks of 8 KB", data=_rechunked(plain, 8192), patches=True)
    yield Input(name="png in chunks of one byte", data=_rechunked(plain, 1), expected="IMAGE_UNREADABLE")
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    turned = _with_chunk(plain, b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
    yield Input(name="png whose XMP alone says orientation 6", data=turned, size=(640, 480), patches=True)
    webp = saved(room(), "WEBP", lossless=True, xmp=xmp)
    yield Input(name="webp whose XMP alone says orientation 6", data=webp, size=(640, 480), patches=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    yield Input(name="png of EXIF orientation 6", data=saved(room(), "PNG", exif=exif), size=(480, 640))


def _other_formats() -> Iterator[Input]:
    avif = saved(room(), "AVIF", quality=95, subsampling="4:4:4")
    yield Input(name="avif", data=avif, patches=True)
    still = avif.replace(b"ftypavif", b"ftypmif1", 1)
    yield Input(name="avif with the major brand mif1", data=still, patches=True)
    yield Input(name="avif that is cut off", data=avif[: len(avif) // 2], expected="IMAGE_UNREADABLE")
    frames = [room(), room().transpose(Image.Transpose.ROTATE_180)]
    animated = saved(frames[0], "AVIF", save_all=True, append_images=frames[1:])
    yield Input(name="animated avif", data=animated, expected="IMAGE_ANIMATED")
    yield Input(
        name="avif of 60 megapixels",
        data=saved(Image.new("L", (8000, 7500)), "AVIF", speed=10),
        expected="IMAGE_TOO_LARGE",
    )
    yield Input(name="gif", data=saved(room(), "GIF"), expected="IMAGE_UNSUPPORTED")
    chunk = b"junk\0\0\0\0"
    webp = saved(room(), "WEBP", lossless=True)
    many = webp[12:] + chunk * 1200
    riff = b"RIFF" + struct.pack("<I", 4 + len(many)) + b"WEBP" + many
    yield Input(name="webp of 1,200 empty chunks", data=riff, expected="IMAGE_UNREADABLE")


def _colours() -> Iterator[Input]:
    p3 = gamma_profile(DISPLAY_P3, file_gamma=1 / 2.2)
    named = p3.replace(b"RGB\0" + bytes(79), b"sRGB EOTF with DCI-P3 Color Gamut\0".ljust(83, b"\0"))
    in_p3 = _as_p3(room())
    yield Input(
        name="jpeg in Display P3", data=saved(in_p3, "JPEG", quality=97, subsampling=0, icc_profile=p3), patches=True
    )
    yield Input(
        name="jpeg in P3 whose name says sRGB",
        data=saved(in_p3, "JPEG", quality=97, subsampling=0, icc_profile=named),
        patches=True,
    )
    linear = room().point([round(255 * (_linear(value / 255))) for value in range(256)] * 3)
    plain = saved(linear, "PNG")
    yield Input(name="png with gAMA 1", data=_with_chunk(plain, b"gAMA", struct.pack(">I", 100_000)), patches=True)
    plain = saved(room(), "PNG")
    yield Input(name="png with gAMA 0.45455", data=_with_chunk(plain, b"gAMA", struct.pack(">I", 45_455)), patches=True)
    says_both = _with_chunk(_with_chunk(plain, b"gAMA", struct.pack(">I", 100_000)), b"sRGB", b"\0")
    yield Input(name="png with gAMA 1 that says sRGB", data=says_both, patches=True)
    chromaticities = struct.pack(
        ">8I", *(round(v * 100_000) for v in (*DISPLAY_P3.white, *DISPLAY_P3.red, *DISPLAY_P3.green, *DISPLAY_P3.blue))
    )
    wide = _with_chunk(_with_chunk(saved(in_p3, "PNG"), b"gAMA", struct.pack(">I", 45_455)), b"cHRM", chromaticities)
    yield Input(name="png with the primaries of Display P3", data=wide, patches=True)


def _as_p3(picture: Image.Image) -> Image.Image:
    """sRGB's colours as a P3 display with a gamma of 2.2 has them, by the published matrices (CSS Color 4, 10)."""
    matrix = ((0.8224621, 0.177538, 0.0), (0.0331941, 0.9668058, 0.0), (0.0170827, 0.0723974, 0.9105199))
    pixels = bytearray()
    known: dict[Pixel, bytes] = {}
    flat = picture.tobytes()
    for place in range(0, len(flat), 3):
        pixel = (flat[place], flat[place + 1], flat[place + 2])
        if pixel not in known:
            light = [_linear(value / 255) for value in pixel]
            mixed = [sum(share * one for share, one in zip(row, light, strict=True)) for row in matrix]
            known[pixel] = bytes(round(255 * min(1.0, max(0.0, value)) ** (1 / 2.2)) for value in mixed)
        pixels += known[pixel]
    return Image.frombytes("RGB", picture.size, bytes(pixels))


def _linear(value: float) -> float:
    """IEC 61966-2-1."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _with_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    return jpeg[:2] + b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def _chunk(name: bytes, body: bytes, *, sum_off_by: int = 0) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body) ^ sum_off_by)


def _with_chunk(png: bytes, name: bytes, body: bytes, *, sum_off_by: int = 0) -> bytes:
    """Right behind the header."""
    return png[:33] + _chunk(name, body, sum_off_by=sum_off_by) + png[33:]


def _rechunked(png: bytes, size: int) -> bytes:
    """The same picture data in chunks of so many bytes."""
    data, position = b"", 33
    while position < len(png):
        length, name = struct.unpack_from(">I4s", png, position)
        if name == b"IDAT":
            data += png[position + 8 : position + 8 + length]
        position += 12 + length
    chunks = (_chunk(b"IDAT", data[start : start + size]) for start in range(0, len(data), size))
    return png[:33] + b"".join(chunks) + _chunk(b"IEND", b"")
