"""From an upload to the photo that is kept: whatever the format, it looks as it was meant to."""

import asyncio
import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.JpegImagePlugin import get_sampling

from gateway.api.uploads.header import read_header
from gateway.api.uploads.optimise import Photo, PhotoOptimiser, optimise
from servicekit.errors import Exhausted, InvalidArgument
from tests.fixtures.image_files import CORNERS, Pixel, heic, linear_rgb_profile, png_of, quarters, saved


def kept(data: bytes, *, long_side: int = 1024) -> tuple[Photo, NDArray[np.uint8]]:
    photo = optimise(read_header(data), long_side=long_side)
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
    photo, _ = kept(saved(quarters(), "JPEG"))
    with Image.open(io.BytesIO(photo.jpeg)) as picture:
        assert get_sampling(picture) == 0, "not 4:4:4"


def test_same_upload_same_digest() -> None:
    data = saved(quarters(), "JPEG")
    assert kept(data)[0].digest == kept(data)[0].digest


def test_data_after_the_picture_is_fine() -> None:
    data = saved(quarters(), "JPEG", quality=95)
    for appended in (b"\0\0\0\x18ftypmp42" + b"\x01" * 5000, data):  # a phone's clip, its second picture
        _, pixels = kept(data + appended)
        assert_looks_like(pixels, CORNERS)


async def test_photos_wait_in_a_bounded_queue() -> None:
    optimiser = PhotoOptimiser(long_side=1024, threads=1, queue_limit=0)
    data = saved(quarters(2000, 1500), "JPEG")
    outcomes = await asyncio.gather(*(optimiser.optimise(data) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(outcome, Photo) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Exhausted) for outcome in outcomes) == 2
    assert isinstance(await optimiser.optimise(data), Photo)
    optimiser.close()


async def test_a_photo_that_takes_more_memory_than_there_is_is_refused_before_it_is_decoded() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (2000, 1500)).save(buffer, "JPEG", progressive=True)
    optimiser = PhotoOptimiser(long_side=1024, threads=1, queue_limit=0, memory_bytes=12_000_000)
    with pytest.raises(InvalidArgument, match="at most 2 megapixels are taken of a JPEG picture like this one"):
        await optimiser.optimise(buffer.getvalue())
    optimiser.close()
