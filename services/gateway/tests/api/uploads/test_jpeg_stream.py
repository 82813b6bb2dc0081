"""The first image of a JPEG file: what is kept of it, and what is known of it before it is decoded."""

import io
import struct

import pytest
from PIL import Image

from gateway.api.uploads.header import read_header
from gateway.api.uploads.jpeg_stream import UnsupportedJpegError, parse
from tests.fixtures.image_files import quarters, saved


def with_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    return jpeg[:2] + b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def test_the_decoder_gets_the_picture_alone() -> None:
    plain = saved(quarters(), "JPEG", quality=95)
    exif = Image.Exif()
    exif[0x010F] = "Secret"
    data = saved(quarters(), "JPEG", quality=95, exif=exif, comment=b"Secret", icc_profile=b"p" * 100_000) + plain
    image = parse(data)
    assert b"Secret" not in image.stream
    assert len(image.stream) <= len(plain)
    assert image.exif.startswith((b"MM", b"II"))
    assert image.profile == b"p" * 100_000
    with Image.open(io.BytesIO(image.stream + b"\xff\xd9")) as decoded, Image.open(io.BytesIO(plain)) as original:
        assert decoded.tobytes() == original.tobytes()


def test_a_large_baseline_photo_with_a_thumbnail_needs_no_memory_of_its_own() -> None:
    data = with_segment(saved(Image.new("RGB", (8000, 6000)), "JPEG"), 0xE1, b"Exif\0\0" + saved(quarters(), "JPEG"))
    assert read_header(data).decoding_bytes == 0


def test_a_progressive_photo_of_one_scan_is_decoded_whole() -> None:
    progressive = saved(quarters(), "JPEG", progressive=True)
    one_scan = progressive[: progressive.index(b"\xff\xc4", progressive.index(b"\xff\xda"))] + b"\xff\xd9"
    assert one_scan.count(b"\xff\xda") == 1
    assert parse(one_scan).buffered
    assert read_header(one_scan).decoding_bytes > 0


def test_components_in_scans_of_their_own_are_decoded_whole() -> None:
    data = bytearray(saved(quarters(), "JPEG"))
    scan = data.index(b"\xff\xda")
    assert data[scan + 4] == 3
    alone = bytes(data[:scan]) + b"\xff\xda\0\x08\x01\x01\0\0\x3f\0" + b"\x12\x34" + b"\xff\xd9"
    assert parse(alone).buffered
    assert not parse(bytes(data)).buffered


def test_samples_of_other_than_eight_bits_are_named() -> None:
    data = bytearray(saved(quarters(), "JPEG"))
    data[data.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(UnsupportedJpegError, match="12 bits a sample"):
        parse(bytes(data))


def test_a_profile_that_lacks_a_part_is_none() -> None:
    plain = saved(quarters(), "JPEG")
    assert parse(with_segment(plain, 0xE2, b"ICC_PROFILE\0\x01\x02half")).profile == b""
    assert parse(with_segment(plain, 0xE2, b"ICC_PROFILE\0\x01\x01all")).profile == b"all"


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xda\0\x08\x03\0\0\0\0\0",
        b"\xff\xd8\xff\xc0\0\x0b\x08",
        b"\xff\xd8\xff\xe5\0\x01",
    ],
)
def test_what_holds_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises((ValueError, struct.error)):
        parse(data)


def test_a_long_row_of_fill_bytes_is_read_in_one_go() -> None:
    jpeg = saved(quarters(), "JPEG")
    scan = jpeg.index(b"\xff\xda") + 14
    data = jpeg[:scan] + b"\xff" * 3_000_000 + b"\0" + jpeg[scan:]
    parse(data)  # in time that grows with the file alone, or the test runs into its limit
