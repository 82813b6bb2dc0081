"""Files made by hand to exhaust a decoder, to hide something, or to be two things at once."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from typing import Final

from PIL import Image

from tests.fixtures.image_files import heic, linear_rgb_profile, png_of, quarters, saved

_MEGABYTE: Final = 2**20
_MANY_PIXELS: Final = (8600, 5800)
"""Just below what is taken."""


def hostile() -> Iterator[tuple[str, bytes]]:
    """Names and files, the same every time."""
    yield from _not_pictures()
    yield from _bombs()
    yield from _heavy_metadata()
    yield from _polyglots()


def _not_pictures() -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    yield "one byte", b"\xff"
    yield "a text", b"This is a photo, believe me.\n" * 1000
    yield "zeros", bytes(_MEGABYTE)
    for signature in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\0\0\0WEBP", b"\0\0\0\x18ftypheic"):
        yield f"a signature alone {signature[:4].hex()}", signature
        yield f"a signature and zeros {signature[:4].hex()}", signature + bytes(4096)
        yield f"a signature and ones {signature[:4].hex()}", signature + b"\xff" * 4096
    yield "an svg", b"<svg xmlns='http://www.w3.org/2000/svg' width='9999' height='9999'/>"
    yield "an icon", saved(quarters(), "ICO", sizes=[(256, 256)])
    yield "an eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 640 480\n(%pipe%id) (r) file\n"


def _bombs() -> Iterator[tuple[str, bytes]]:
    for side in (20_000, 65_535, 2**31 - 1):
        yield f"a png of {side} pixels a side", png_of(side, side, bytes(10_000))
    yield "a png of more rows than it says", png_of(300, 300, bytes(40 * _MEGABYTE))
    yield "a png of fewer rows than it says", png_of(7000, 7000, bytes(1000))
    for bits, kind in ((1, 0), (16, 6), (8, 3), (16, 3), (7, 9)):
        yield (
            f"a png of {bits} bits, colour type {kind}",
            png_of(600, 600, bytes(2 * _MEGABYTE), bit_depth=bits, colour_type=kind),
        )
    jpeg = bytearray(saved(quarters(), "JPEG"))
    place = jpeg.index(b"\xff\xc0")
    jpeg[place + 5 : place + 9] = b"\xff\xff\xff\xff"
    yield "a jpeg of 65535 pixels a side", bytes(jpeg)
    jpeg[place + 5 : place + 9] = struct.pack(">HH", 5800, 8600)
    yield "a jpeg that ends before its pixels", bytes(jpeg)
    progressive = saved(quarters(2000, 1500), "JPEG", progressive=True)
    scan = progressive.rindex(b"\xff\xda")
    yield "a jpeg of 99 scans", progressive[:scan] + progressive[scan:-2] * 90 + b"\xff\xd9"
    yield "a jpeg of endless scans", progressive[:scan] + progressive[scan:-2] * 3000 + b"\xff\xd9"
    webp = bytearray(saved(quarters(), "WEBP", lossless=True))
    webp[21:25] = (0x3FFF | 0x3FFF << 14).to_bytes(4, "little")
    yield "a webp of 16384 pixels a side", bytes(webp)
    photo = heic(quarters())
    place = photo.index(b"ispe") + 8
    for side in (5000, 30_000, 2**32 - 1):
        yield f"a heic that claims {side} pixels", photo[:place] + struct.pack(">II", side, side) + photo[place + 8 :]
    yield (
        "a heic of nested boxes",
        photo[:16] + b"".join(struct.pack(">I4s", 2**31 - index, b"meta") for index in range(20_000)),
    )


def _heavy_metadata() -> Iterator[tuple[str, bytes]]:
    picture = quarters()
    exif = Image.Exif()
    exif[0x010E] = "x" * 65_000
    yield "a large exif", saved(picture, "JPEG", exif=exif)
    segment = b"\xff\xe1\xff\xff" + b"Exif\0\0" + b"M" * 65_527
    jpeg = saved(picture, "JPEG")
    yield "two hundred exifs", jpeg[:2] + segment * 200 + jpeg[2:]
    yield "a comment of 14 MB", jpeg[:2] + (b"\xff\xfe\xff\xff" + b"c" * 65_533) * 220 + jpeg[2:]
    yield "an exif that points at itself", saved(picture, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08" + b"\xff\xff" * 400)
    profile = linear_rgb_profile()
    yield "an icc of 10 MB", saved(picture, "JPEG", icc_profile=profile + bytes(10 * _MEGABYTE))
    yield "an icc that lies about its size", saved(picture, "PNG", icc_profile=b"\xff\xff\xff\xff" + profile[4:])
    yield "an icc of noise", saved(picture, "WEBP", icc_profile=bytes(range(256)) * 500)
    for name, head in ((b"zTXt", b"k\0\0"), (b"iTXt", b"k\0\1\0\0\0"), (b"iCCP", b"p\0\0")):
        yield f"a {name.decode()} of 200 MB", _png_with(name, head + _packed_zeros(200))
    yield "100,000 chunks", _png_with(b"tEXt", b"k\0v", times=100_000)
    yield "a chunk of 2 GB", _png_with(b"tEXt", b"k\0v").replace(b"\0\0\0\x03tEXt", b"\x7f\xff\xff\xfftEXt")


def _polyglots() -> Iterator[tuple[str, bytes]]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as one:
        one.writestr("evil.txt", "evil")
    payloads = {
        "zip": archive.getvalue(),
        "php": b"<?php system($_GET[0]); ?>",
        "script": b"<script>alert(1)</script>",
        "elf": b"\x7fELF" + bytes(2000),
    }
    for name, payload in payloads.items():
        for kind in ("JPEG", "PNG", "WEBP"):
            yield f"a {kind} with a {name} behind it", saved(quarters(), kind) + payload
    yield "a jpeg with a pdf in it", saved(quarters(), "JPEG", comment=b"%PDF-1.4\n1 0 obj")
    yield "a gif that is a jpeg", b"GIF89a" + saved(quarters(), "JPEG")
    yield "two jpegs", saved(quarters(), "JPEG") * 2


def largest() -> Iterator[tuple[str, bytes]]:
    """The largest that are taken, for which most memory and time goes; each takes seconds to make."""
    picture = Image.linear_gradient("L").resize(_MANY_PIXELS).convert("RGB")
    for kind, options in (
        ("JPEG", {"progressive": True}),
        ("PNG", {"compress_level": 1}),
        ("WEBP", {"method": 0}),
        ("WEBP", {"method": 0, "lossless": True, "quality": 0}),
    ):
        yield f"50 megapixels of {kind} {options}", saved(picture, kind, **options)
    yield "50 megapixels of CMYK", saved(picture.convert("CMYK"), "JPEG")
    picture.putalpha(200)
    for kind, options in (("PNG", {"compress_level": 1}), ("WEBP", {"method": 0})):
        yield f"50 megapixels of transparent {kind}", saved(picture, kind, **options)


@cache
def _packed_zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(_MEGABYTE)) for _ in range(megabytes)) + packer.flush()


def _png_with(name: bytes, body: bytes, *, times: int = 1) -> bytes:
    """A sound PNG with chunks right behind its header."""
    chunk = struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    png = saved(quarters(), "PNG")
    return png[:33] + chunk * times + png[33:]
