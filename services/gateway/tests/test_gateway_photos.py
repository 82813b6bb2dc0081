"""From untrusted bytes to the photo that is kept: what is refused, and what looks as it was meant to."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pillow_heif
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageDraw

from gateway.uploads.header import read_header
from gateway.uploads.optimise import Photo, PhotoOptimiser, optimise
from servicekit.errors import Exhausted, InvalidArgument

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


def kept(data: bytes, *, long_side: int = 1024) -> tuple[Photo, NDArray[np.uint8]]:
    photo = optimise(data, read_header(data), long_side=long_side)
    with Image.open(io.BytesIO(photo.jpeg)) as picture:
        assert picture.format == "JPEG"
        assert picture.mode == "RGB"
        assert picture.size == (photo.width, photo.height)
        assert not picture.getexif()
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        return photo, np.asarray(picture)


def corners(pixels: NDArray[np.uint8]) -> list[Pixel]:
    """The middles of the four quarters."""
    height, width = pixels.shape[:2]
    places = [(height // 4, width // 4), (height // 4, 3 * width // 4), (3 * height // 4, width // 4)]
    places.append((3 * height // 4, 3 * width // 4))
    return [(int(r), int(g), int(b)) for r, g, b in (pixels[place] for place in places)]


def assert_looks_like(pixels: NDArray[np.uint8], expected: tuple[Pixel, ...], *, within: int = 6) -> None:
    difference = np.abs(np.array(corners(pixels)) - np.array(expected)).max()
    assert difference <= within, corners(pixels)


def refused(data: bytes) -> str:
    """The reason that a photo is refused for."""
    with pytest.raises(InvalidArgument) as caught:
        optimise(data, read_header(data), long_side=1024)
    assert caught.value.metadata["field"] == "file"
    return caught.value.reason


def heic(picture: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(picture).save(buffer, quality=90, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "encode",
    [
        lambda picture: saved(picture, "JPEG", quality=95),
        lambda picture: saved(picture, "JPEG", quality=95, progressive=True, subsampling=0),
        lambda picture: saved(picture, "PNG"),
        lambda picture: saved(picture, "WEBP", quality=95),
        lambda picture: saved(picture, "WEBP", lossless=True),
        lambda picture: saved(picture.convert("P", palette=Image.Palette.ADAPTIVE), "PNG"),
        lambda picture: saved(picture.convert("RGBA"), "PNG"),
        lambda picture: saved(picture.convert("RGBA"), "WEBP", lossless=True),
        lambda picture: saved(picture.convert("CMYK"), "JPEG", quality=95),
        heic,
    ],
    ids=["jpeg", "progressive", "png", "webp", "lossless-webp", "palette", "rgba", "rgba-webp", "cmyk", "heic"],
)
def test_every_format_looks_as_it_was_meant_to(encode: Callable[[Image.Image], bytes]) -> None:
    photo, pixels = kept(encode(quarters()))
    assert (photo.width, photo.height) == (640, 480)
    assert_looks_like(pixels, CORNERS, within=8)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(kind: str, orientation: int) -> None:
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = quarters().transpose(turns[orientation]) if orientation in turns else quarters()
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo, pixels = kept(saved(stored, kind, exif=exif))
    assert (photo.width, photo.height) == (640, 480)
    assert_looks_like(pixels, CORNERS, within=10)


def test_rotated_heic_is_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo, pixels = kept(heic(quarters().transpose(Image.Transpose.ROTATE_90), exif=exif.tobytes()))
    assert (photo.width, photo.height) == (640, 480)
    assert_looks_like(pixels, CORNERS, within=8)


def test_metadata_is_gone() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    photo, _ = kept(
        saved(quarters(), "JPEG", exif=exif, comment=b"SecretComment", xmp=b"<x:xmpmeta>Secret</x:xmpmeta>")
    )
    assert b"Secret" not in photo.jpeg


def test_sixteen_bit_grey() -> None:
    grey = np.linspace(0, 65535, 640, dtype=np.uint16)[None, :].repeat(480, 0)
    _, pixels = kept(saved(Image.fromarray(grey), "PNG"))
    assert np.abs(pixels[240, ::64, 0].astype(int) - grey[240, ::64] // 257).max() <= 3
    assert np.ptp(pixels[240, 320]) <= 1


def test_sixteen_bit_colour() -> None:
    rows = b"".join(b"\0" + struct.pack(">3H", 51400, 10280, 25700) * 320 for _ in range(256))
    _, pixels = kept(png_of(320, 256, rows, bit_depth=16, colour_type=2))
    assert_looks_like(pixels, ((200, 40, 100),) * 4)


@pytest.mark.parametrize("mode", ["L", "1", "LA"])
def test_grey_modes(mode: str) -> None:
    picture = Image.new("L", (320, 256), 255).convert(mode)
    _, pixels = kept(saved(picture, "PNG"))
    assert_looks_like(pixels, ((255, 255, 255),) * 4, within=1)


def test_grey_jpeg_stays_grey() -> None:
    _, pixels = kept(saved(quarters().convert("L"), "JPEG"))
    assert np.ptp(pixels, axis=2).max() <= 1
    assert pixels.std() > 10


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparency_is_over_white(kind: str) -> None:
    picture = quarters().convert("RGBA")
    picture.putalpha(0)
    picture.paste((0, 0, 0, 128), (0, 0, 320, 240))
    _, pixels = kept(saved(picture, kind, lossless=True) if kind == "WEBP" else saved(picture, kind))
    assert_looks_like(pixels, ((127, 127, 127), (255, 255, 255), (255, 255, 255), (255, 255, 255)))


def test_a_palette_with_a_transparent_colour_is_over_white() -> None:
    picture = quarters().convert("P", palette=Image.Palette.ADAPTIVE, colors=8)
    first = picture.getpixel((10, 10))
    _, pixels = kept(saved(picture, "PNG", transparency=first))
    assert_looks_like(pixels, ((255, 255, 255), *CORNERS[1:]), within=8)


def test_an_icc_profile_is_converted_to_srgb() -> None:
    wide = linear_rgb_profile()
    expected = np.asarray(
        ImageCms.profileToProfile(quarters(), io.BytesIO(wide), ImageCms.createProfile("sRGB"), outputMode="RGB")
    )
    assert np.abs(expected.astype(int) - np.asarray(quarters()).astype(int)).max() > 40
    for data in (saved(quarters(), "JPEG", quality=95, icc_profile=wide), saved(quarters(), "PNG", icc_profile=wide)):
        _, pixels = kept(data)
        assert_looks_like(pixels, tuple(corners(expected)), within=8)


@pytest.mark.parametrize(
    "profile", [b"nonsense", b"\0" * 200, ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()]
)
def test_a_useless_icc_profile_is_ignored(profile: bytes) -> None:
    _, pixels = kept(saved(quarters(), "JPEG", quality=95, icc_profile=profile))
    assert_looks_like(pixels, CORNERS)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((4032, 3024), (1008, 756)),  # as the decoder gives it
        ((3024, 4032), (756, 1008)),
        ((2600, 1950), (1024, 768)),
        ((1024, 700), (1024, 700)),
        ((1025, 1025), (1024, 1024)),
        ((300, 256), (300, 256)),
        ((4096, 256), (1024, 64)),
    ],
)
def test_the_long_side_is_bounded_and_nothing_is_enlarged(size: tuple[int, int], expected: tuple[int, int]) -> None:
    photo, pixels = kept(saved(quarters(*size), "JPEG", quality=95))
    assert (photo.width, photo.height) == expected
    assert_looks_like(pixels, CORNERS)


def test_other_formats_are_bounded_too() -> None:
    photo, pixels = kept(saved(quarters(2000, 1000).convert("RGBA"), "PNG"), long_side=500)
    assert (photo.width, photo.height) == (500, 250)
    assert_looks_like(pixels, CORNERS)


def test_no_chroma_subsampling() -> None:
    from simplejpeg import decode_jpeg_header

    photo, _ = kept(saved(quarters(), "JPEG"))
    assert decode_jpeg_header(photo.jpeg)[2:] == ("YCbCr", "444")


def test_same_upload_same_digest() -> None:
    data = saved(quarters(), "JPEG")
    assert kept(data)[0].digest == kept(data)[0].digest


def test_data_after_the_picture_is_fine() -> None:
    data = saved(quarters(), "JPEG", quality=95)
    for appended in (b"\0\0\0\x18ftypmp42" + b"\x01" * 5000, data):  # a phone's clip, its second picture
        _, pixels = kept(data + appended)
        assert_looks_like(pixels, CORNERS)


def test_not_a_picture() -> None:
    assert refused(b"") == "FILE_EMPTY"
    for data in (b"hello", b"%PDF-1.7\n", b"MZ\x90\0", b"<svg xmlns='x'/>", b"II*\0" + b"\0" * 100, b"\0" * 100_000):
        assert refused(data) == "IMAGE_UNSUPPORTED"
    for kind in ("GIF", "BMP", "TIFF", "AVIF"):
        assert refused(saved(quarters(), kind)) == "IMAGE_UNSUPPORTED"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIC"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9, 0.99])
def test_truncated(kind: str, share: float) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (480, 640, 3), dtype=np.uint8))
    data = heic(noise) if kind == "HEIC" else saved(noise, kind)
    assert refused(data[: int(len(data) * share)]) == "IMAGE_UNREADABLE"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIC"])
def test_damaged_anywhere_is_refused_or_read_but_never_a_surprise(kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (256, 256, 3), dtype=np.uint8))
    data = heic(noise) if kind == "HEIC" else saved(noise, kind)
    generator = np.random.default_rng(2)
    for _ in range(60):
        damaged = bytearray(data)
        for position in generator.integers(0, min(len(data), 2000), 4):
            damaged[position] = generator.integers(0, 256)
        try:
            optimise(bytes(damaged), read_header(bytes(damaged)), long_side=1024)
        except InvalidArgument as error:
            assert error.metadata["field"] == "file"


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ((1, 1), "IMAGE_TOO_SMALL"),
        ((255, 4000), "IMAGE_TOO_SMALL"),
        ((8000, 7500), "IMAGE_TOO_LARGE"),
        ((256, 5000), "IMAGE_TOO_NARROW"),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_sizes_out_of_range(size: tuple[int, int], reason: str, kind: str) -> None:
    assert refused(saved(Image.new("L", size), kind)) == reason


@pytest.mark.parametrize("side", [20_000, 65_535, 2**31 - 1])
def test_a_decompression_bomb_is_judged_by_its_header(side: int) -> None:
    assert refused(png_of(side, side, b"\0" * 10_000)) == "IMAGE_TOO_LARGE"


def test_a_webp_that_claims_a_huge_canvas() -> None:
    for options in ({"xmp": b"<x:xmpmeta/>"}, {"lossless": True}, {}):
        data = bytearray(saved(quarters(), "WEBP", **options))
        match data[12:16]:
            case b"VP8X":
                data[24:30] = b"\xfe\x3f\0" * 2
            case b"VP8L":
                data[21:25] = (0x3FFE | 0x3FFE << 14).to_bytes(4, "little")
            case b"VP8 ":
                data[26:30] = b"\xfe\x3f" * 2
        assert refused(bytes(data)) == "IMAGE_TOO_LARGE"


def test_a_png_with_more_pixels_than_it_says() -> None:
    rows = b"".join(b"\0" + b"\x80" * 3 * 5000 for _ in range(300))
    assert refused(png_of(300, 300, rows)) == "IMAGE_UNREADABLE"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_animations(kind: str) -> None:
    frames = [quarters(), quarters().transpose(Image.Transpose.ROTATE_180)]
    assert refused(saved(frames[0], kind, save_all=True, append_images=frames[1:])) == "IMAGE_ANIMATED"


def test_a_progressive_jpeg_with_endless_scans() -> None:
    data = saved(quarters(), "JPEG", progressive=True)
    scan = data.rindex(b"\xff\xda")
    assert refused(data[:scan] + data[scan:-2] * 200 + b"\xff\xd9") == "IMAGE_UNREADABLE"


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as one:
        one.writestr("evil.txt", "evil")
        one.comment = b"a comment"
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    "appended", [archive(), b"<?php system($_GET[0]); ?>", b"<SCRIPT>alert(1)</SCRIPT>", b"<!DOCTYPE html><html>"]
)
def test_polyglots(kind: str, appended: bytes) -> None:
    assert refused(saved(quarters(), kind) + appended) == "IMAGE_AMBIGUOUS"


def test_polyglots_that_hide_in_a_comment() -> None:
    for comment in (b"%PDF-1.4\n1 0 obj", b"*/=1;/*<script>alert(1)</script>"):
        assert refused(saved(quarters(), "JPEG", comment=comment)) == "IMAGE_AMBIGUOUS"


async def test_photos_wait_in_a_bounded_queue() -> None:
    import asyncio

    optimiser = PhotoOptimiser(long_side=1024, threads=1, queue_limit=0)
    data = saved(quarters(2000, 1500), "JPEG")
    outcomes = await asyncio.gather(*(optimiser.optimise(data) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(outcome, Photo) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Exhausted) for outcome in outcomes) == 2
    assert isinstance(await optimiser.optimise(data), Photo)
    optimiser.close()


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
