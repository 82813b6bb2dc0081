"""Pictures for tests, made here: of every format and mode, and broken on order."""

import io
import struct
import zlib
from typing import Any, TypeAlias

import pillow_heif
from PIL import Image, ImageDraw

Pixel: TypeAlias = tuple[int, int, int]

CORNERS: tuple[Pixel, ...] = ((200, 40, 40), (40, 160, 40), (40, 60, 200), (220, 200, 60))
"""Top left, top right, bottom left, bottom right."""


def quarters(width: int = 640, height: int = 480) -> Image.Image:
    """A picture whose four quarters have the colours of CORNERS."""
    picture = Image.new("RGB", (width, height), CORNERS[3])
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), fill=CORNERS[0])
    draw.rectangle((width // 2, 0, width, height // 2 - 1), fill=CORNERS[1])
    draw.rectangle((0, height // 2, width // 2 - 1, height), fill=CORNERS[2])
    return picture


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def heic(picture: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(picture).save(buffer, quality=90, **options)
    return buffer.getvalue()


def png_of(width: int, height: int, rows: bytes, *, bit_depth: int = 8, colour_type: int = 2) -> bytes:
    """A PNG whose header and pixels need not agree."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, bit_depth, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def linear_rgb_profile() -> bytes:
    """sRGB's primaries with a gamma of 1 (ICC.1:2010, a matrix/TRC display profile)."""

    def xyz(x: float, y: float, z: float) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in (x, y, z)))

    tags = {
        b"rXYZ": xyz(0.4361, 0.2225, 0.0139),
        b"gXYZ": xyz(0.3851, 0.7169, 0.0971),
        b"bXYZ": xyz(0.1431, 0.0606, 0.7141),
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        **{name: b"curv\0\0\0\0" + struct.pack(">I", 0) for name in (b"rTRC", b"gTRC", b"bTRC")},
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 7) + b"linear\0" + b"\0" * 79,
        b"cprt": b"text\0\0\0\0none\0",
    }
    table, body, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        padded = content + b"\0" * (-len(content) % 4)
        table += name + struct.pack(">II", offset + len(body), len(content))
        body += padded
    size = offset + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"\0" * 4, 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body
