"""Thumbnail and before/after."""

import io

import numpy as np
import pytest
from PIL import Image

from gateway.worker.pipeline.thumbnails import GAP, before_after, thumbnail


def _jpeg(width: int, height: int, colour: tuple[int, int, int] = (200, 100, 50), mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).convert(mode).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def _pixels(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg))).astype(int)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1024, 768), (384, 288)), ((768, 1024), (288, 384)), ((256, 256), (256, 256)), ((4096, 256), (384, 24))],
)
def test_thumbnail_keeps_proportions_and_enlarges_nothing(size: tuple[int, int], expected: tuple[int, int]) -> None:
    with Image.open(io.BytesIO(thumbnail(_jpeg(*size)))) as picture:
        assert picture.size == expected


def test_thumbnail_keeps_colours() -> None:
    assert np.abs(_pixels(thumbnail(_jpeg(1024, 768))) - (200, 100, 50)).max() <= 4


def test_grey_photo() -> None:
    assert _pixels(thumbnail(_jpeg(512, 512, mode="L"))).shape == (384, 384, 3)


def test_before_is_left_and_after_right() -> None:
    both = _pixels(before_after(_jpeg(1024, 768, (200, 0, 0)), _jpeg(1024, 768, (0, 0, 200))))
    assert both.shape == (384, 512 + GAP + 512, 3)
    assert np.abs(both[:, :504] - (200, 0, 0)).max() <= 6
    assert np.abs(both[:, 512 + 3 : 512 + 5] - 255).max() <= 12
    assert np.abs(both[:, 528:] - (0, 0, 200)).max() <= 6


def test_portrait_of_another_size_is_made_to_fit() -> None:
    assert _pixels(before_after(_jpeg(600, 1000), _jpeg(604, 1000))).shape == (512, 307 + GAP + 307, 3)
