"""Photos that are refused: what is no picture, what is broken, what is out of range, what hides something."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from gateway.api.uploads.header import read_header
from gateway.api.uploads.optimise import optimise
from servicekit.errors import InvalidArgument
from tests.fixtures.image_files import heic, png_of, quarters, saved


def refused(data: bytes) -> str:
    """The reason that a photo is refused for."""
    with pytest.raises(InvalidArgument) as caught:
        optimise(read_header(data), long_side=1024)
    assert caught.value.metadata["field"] == "file"
    return caught.value.reason


def test_not_a_picture() -> None:
    assert refused(b"") == "FILE_EMPTY"
    for data in (b"hello", b"%PDF-1.7\n", b"MZ\x90\0", b"<svg xmlns='x'/>", b"II*\0" + b"\0" * 100, b"\0" * 100_000):
        assert refused(data) == "IMAGE_UNSUPPORTED"
    for kind in ("GIF", "BMP", "TIFF"):
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
            optimise(read_header(bytes(damaged)), long_side=1024)
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
