"""Thumbnail and before/after."""

import io

import numpy as np
import pytest
from PIL import Image

from gateway.worker.pipeline.thumbnails import GAP, small_pictures


def _jpeg(width: int, height: int, colour: tuple[int, int, int] = (200, 100, 50), mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).convert(mode).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def _thumbnail(jpeg: bytes) -> bytes:
    return small_pictures(jpeg, jpeg).thumbnail


def _pixels(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg))).astype(int)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1024, 768), (384, 288)), ((768, 1024), (288, 384)), ((256, 256), (256, 256)), ((4096, 256), (384, 24))],
)
def test_thumbnail_keeps_proportions_and_enlarges_nothing(size: tuple[int, int], expected: tuple[int, int]) -> None:
    with Image.open(io.BytesIO(_thumbnail(_jpeg(*size)))) as picture:
        assert picture.size == expected


def test_thumbnail_keeps_colours() -> None:
    assert np.abs(_pixels(_thumbnail(_jpeg(1024, 768))) - (200, 100, 50)).max() <= 4


def test_grey_photo() -> None:
    assert _pixels(_thumbnail(_jpeg(512, 512, mode="L"))).shape == (384, 384, 3)


def test_before_is_left_and_after_right() -> None:
    both = _pixels(small_pictures(_jpeg(1024, 768, (200, 0, 0)), _jpeg(1024, 768, (0, 0, 200))).before_after)
    assert both.shape == (384, 512 + GAP + 512, 3)
    assert np.abs(both[:, :504] - (200, 0, 0)).max() <= 6
    assert np.abs(both[:, 512 + 3 : 512 + 5] - 255).max() <= 12
    assert np.abs(both[:, 528:] - (0, 0, 200)).max() <= 6


@pytest.mark.parametrize(
    ("before", "after", "half"),
    [
        ((600, 1000), (604, 1000), (300, 500)),  # as the decoder gives it
        ((600, 980), (604, 980), (313, 512)),
        ((1008, 756), (1024, 768), (504, 378)),
        ((300, 400), (300, 400), (300, 400)),
    ],
)
def test_after_is_made_to_fit_before(before: tuple[int, int], after: tuple[int, int], half: tuple[int, int]) -> None:
    width, height = half
    both = _pixels(small_pictures(_jpeg(*before), _jpeg(*after)).before_after)
    assert both.shape == (height, width + GAP + width, 3)


def test_small_pictures_show_what_the_photo_shows() -> None:
    ramp = np.broadcast_to(np.linspace(0, 255, 1000)[None, :, None], (750, 1000, 3)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(ramp).save(buffer, "JPEG", quality=95)
    made = small_pictures(buffer.getvalue(), buffer.getvalue())
    half = _pixels(made.before_after)[:, :500]
    assert np.abs(half - np.linspace(0, 255, 500)[None, :, None]).max() <= 6
    small = _pixels(made.thumbnail)
    assert np.abs(small - np.linspace(0, 255, 384)[None, :, None]).max() <= 6
