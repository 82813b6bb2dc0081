"""Pictures on the wire to arrays and back, bad ones included."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image as Pillow

from modomo.type.v1.image_pb2 import IMAGE_FORMAT_JPEG, IMAGE_FORMAT_PNG, Image, ImageFormat, Mask
from servicekit.errors import InvalidArgument
from servicekit.imaging import images
from servicekit.imaging.arrays import RGB


@pytest.fixture
def photo() -> RGB:
    """A smooth picture, 96×64, that JPEG keeps well."""
    rows, columns = np.mgrid[0:64, 0:96]
    return np.stack([rows * 3, columns * 2, 255 - rows * 2], axis=-1).astype(np.uint8)


def _encoded(picture: Pillow.Image, kind: str, **options: object) -> Image:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    formats: dict[str, ImageFormat.ValueType] = {"JPEG": IMAGE_FORMAT_JPEG, "PNG": IMAGE_FORMAT_PNG}
    return Image(data=buffer.getvalue(), format=formats.get(kind, IMAGE_FORMAT_PNG))


def test_png_is_exact(photo: RGB) -> None:
    encoded = images.encode_png(photo)
    assert (encoded.width, encoded.height, encoded.format) == (96, 64, IMAGE_FORMAT_PNG)
    assert np.array_equal(images.decode_rgb(encoded), photo)


def test_grey_png_is_exact(photo: RGB) -> None:
    grey = photo[..., 0]
    assert np.array_equal(images.decode_grey(images.encode_png(grey)), grey)


def test_jpeg_is_near(photo: RGB) -> None:
    encoded = images.encode_jpeg(photo)
    assert (encoded.width, encoded.height, encoded.format) == (96, 64, IMAGE_FORMAT_JPEG)
    assert np.abs(images.decode_rgb(encoded).astype(int) - photo).max() <= 6


def test_jpeg_has_no_chroma_subsampling(photo: RGB) -> None:
    with Pillow.open(io.BytesIO(images.encode_jpeg(photo).data)) as picture:
        assert {(horizontal, vertical) for _, horizontal, vertical, _ in picture.layer} == {(1, 1)}  # type: ignore[attr-defined]  # Pillow has it on JPEGs alone


def test_mask_round_trip() -> None:
    region = np.zeros((64, 96), bool)
    region[10:20, 30:50] = True
    mask = images.encode_mask(region)
    with Pillow.open(io.BytesIO(mask.png)) as picture:
        assert picture.mode == "1"
    assert np.array_equal(images.decode_mask(mask, shape=(64, 96)), region)


def test_mask_of_another_size_is_refused_by_name() -> None:
    mask = images.encode_mask(np.ones((64, 32), bool))
    with pytest.raises(InvalidArgument) as caught:
        images.decode_mask(mask, shape=(64, 96), field="keep")
    assert (caught.value.reason, caught.value.metadata) == ("SIZE_MISMATCH", {"field": "keep"})


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "I;16", "1"])
def test_every_png_mode_becomes_rgb(photo: RGB, mode: str) -> None:
    picture = Pillow.fromarray(photo).convert("L" if mode == "I;16" else mode).convert(mode)
    assert images.decode_rgb(_encoded(picture, "PNG")).shape == (64, 96, 3)


def test_cmyk_jpeg_becomes_the_same_colours(photo: RGB) -> None:
    decoded = images.decode_rgb(_encoded(Pillow.fromarray(photo).convert("CMYK"), "JPEG", quality=95))
    assert np.abs(decoded.astype(int) - photo).mean() < 4


def test_grey_jpeg_becomes_rgb(photo: RGB) -> None:
    decoded = images.decode_rgb(_encoded(Pillow.fromarray(photo[..., 0]), "JPEG"))
    assert decoded.shape == (64, 96, 3)
    assert np.array_equal(decoded[..., 0], decoded[..., 2])


def _bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be huge."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def _jpeg(size: tuple[int, int] = (64, 64)) -> bytes:
    return _encoded(Pillow.new("RGB", size), "JPEG").data


BAD = {
    "empty": (b"", IMAGE_FORMAT_JPEG, "IMAGE_MISSING"),
    "not an image": (b"hello" * 100, IMAGE_FORMAT_JPEG, "IMAGE_UNREADABLE"),
    "truncated JPEG": (_jpeg()[:200], IMAGE_FORMAT_JPEG, "IMAGE_UNREADABLE"),
    "truncated PNG": (
        images.encode_png(np.zeros((64, 64, 3), np.uint8)).data[:60],
        IMAGE_FORMAT_PNG,
        "IMAGE_UNREADABLE",
    ),
    "JPEG called PNG": (_jpeg(), IMAGE_FORMAT_PNG, "IMAGE_UNREADABLE"),
    "GIF": (_encoded(Pillow.new("P", (64, 64)), "GIF").data, IMAGE_FORMAT_PNG, "IMAGE_UNREADABLE"),
    "bomb": (_bomb(15_000, 15_000), IMAGE_FORMAT_PNG, "IMAGE_TOO_LARGE"),
    "medium bomb": (_bomb(10_000, 8_000), IMAGE_FORMAT_PNG, "IMAGE_TOO_LARGE"),
    "larger bomb": (_bomb(60_000, 60_000), IMAGE_FORMAT_PNG, "IMAGE_TOO_LARGE"),
    "long strip": (_bomb(17_000, 20), IMAGE_FORMAT_PNG, "IMAGE_TOO_LARGE"),
    "dot": (_jpeg((1, 1)), IMAGE_FORMAT_JPEG, "IMAGE_TOO_SMALL"),
    "unknown format": (_jpeg(), 77, "IMAGE_FORMAT"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_picture_is_refused_by_name(name: str) -> None:
    data, claimed, reason = BAD[name]
    with pytest.raises(InvalidArgument, match=reason) as caught:
        images.decode_rgb(Image(data=data, format=claimed), field="original")  # type: ignore[arg-type]  # 77 is wrong on purpose
    assert caught.value.metadata == {"field": "original"}


def test_bad_mask_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="IMAGE_UNREADABLE"):
        images.decode_mask(Mask(png=_jpeg()), shape=(64, 64))
