"""Photos brought to sizes that the UNet works at, and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffusion.sd.letterbox import BUCKET, MAX_STRETCH, SLACK, enlarged, letterbox


@given(st.integers(16, 9000), st.integers(16, 9000))
def test_a_letterbox_holds_the_photo_unstretched(height: int, width: int) -> None:
    fitting = letterbox(height, width, side=512)
    assert fitting.size[0] % 8 == fitting.size[1] % 8 == 0
    assert max(fitting.size) <= MAX_STRETCH * 512
    assert min(fitting.size) >= 64
    scale = min(512 / (height * width) ** 0.5, MAX_STRETCH * 512 / max(height, width))
    for length, drawn, whole in zip((height, width), fitting.content, fitting.size, strict=True):
        assert abs(drawn - length * scale) <= 0.5 or drawn == 1
        assert whole - drawn < 8 or whole == 64


@pytest.mark.parametrize("shape", [(64, 64), (300, 500), (90, 1000), (1024, 683)])
def test_a_picture_comes_back_from_the_letterbox_where_it_was(shape: tuple[int, int]) -> None:
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    slope = np.stack([rows / shape[0], columns / shape[1], 0 * rows + 0.5], axis=2)
    picture = np.rint(255 * slope).astype(np.uint8)
    fitting = letterbox(*shape, side=256)
    back = fitting.crop(fitting.place(picture))
    assert back.shape == picture.shape
    assert np.abs(back.astype(int) - picture).max() <= 5


def test_a_letterboxed_mask_never_takes_in_what_is_outside() -> None:
    fitting = letterbox(200, 300, side=128)
    mask = np.zeros((200, 300), dtype=np.bool_)
    mask[51:149, 33:240] = True
    placed = fitting.place_mask(mask)
    scale = fitting.content[0] / 200
    rows, columns = np.nonzero(placed)
    assert rows.min() >= 51 * scale - 1e-6
    assert columns.max() + 1 <= 240 * scale + 1e-6
    assert placed.sum() > 0.9 * mask.sum() * scale**2


@given(st.integers(200, 4096), st.integers(200, 4096))
def test_buckets_are_whole_and_waste_little(height: int, width: int) -> None:
    fitting = letterbox(height, width, side=768, multiple=BUCKET)
    assert fitting.size[0] % BUCKET == fitting.size[1] % BUCKET == 0
    scales = [drawn / length for drawn, length in zip(fitting.content, (height, width), strict=True)]
    assert scales[0] == pytest.approx(scales[1], rel=0.02)
    assert all(drawn <= whole for drawn, whole in zip(fitting.content, fitting.size, strict=True))
    scale = min(768 / (height * width) ** 0.5, MAX_STRETCH * 768 / max(height, width))
    assert scales[0] == pytest.approx(scale, rel=SLACK + 0.02)
    of_a_bucket = BUCKET / min(fitting.size)  # panoramas are few buckets high
    assert fitting.repeated <= letterbox(height, width, side=768, multiple=8).repeated + max(0.12, of_a_bucket)


@pytest.mark.parametrize(
    ("photo", "canvas"), [((768, 1024), (704, 960)), ((1024, 1536), (640, 960)), ((1080, 1920), (576, 1024))]
)
def test_usual_photos_fit_their_buckets(photo: tuple[int, int], canvas: tuple[int, int]) -> None:
    fitting = letterbox(*photo, side=768, multiple=BUCKET)
    assert fitting.size == canvas
    assert fitting.repeated < 0.03


def test_the_second_pass_has_the_photos_size_up_to_a_bound() -> None:
    assert enlarged(768, 1024, long_side=2048).size == (768, 1024)
    assert enlarged(1000, 1500, long_side=2048).content == (1000, 1500)
    assert enlarged(2048, 4096, long_side=2048).content == (1024, 2048)
