"""What every detection engine keeps, whatever it runs on."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from detection.__main__ import build_engine
from detection.engine import Engine
from detection.settings import Settings
from servicekit.errors import Exhausted
from servicekit.imaging.arrays import RGB
from servicekit.weights import WeightStore
from tests.fixtures.modal_app import Deploy
from tests.fixtures.triton import TritonServer

pytestmark = pytest.mark.timeout(900)  # the first test of a session loads torch and makes the tiny models


def room(height: int, width: int) -> RGB:
    """A floor, a wall, and boxes of other colours on them."""
    photo = np.full((height, width, 3), (205, 200, 190), dtype=np.uint8)
    photo[height * 6 // 10 :] = (120, 85, 55)
    photo[height // 2 : height * 8 // 10, width // 8 : width // 2] = (40, 70, 120)
    photo[height // 8 : height // 2, width * 6 // 10 : width * 9 // 10] = (245, 250, 255)
    noise = np.random.default_rng(3).integers(-9, 9, photo.shape)
    return np.asarray(np.clip(photo + noise, 0, 255), dtype=np.uint8)


@pytest.fixture(params=["lite", *(pytest.param(name, marks=pytest.mark.slow) for name in ("torch", "triton", "modal"))])
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    name = request.param
    if name == "lite":
        settings = Settings(engine="lite")
    elif name == "triton":
        server: TritonServer = request.getfixturevalue("triton_server")
        server.load(["detection"])
        settings = Settings(engine="triton", triton=server.address)
    elif name == "modal":
        deploy: Deploy = request.getfixturevalue("modal_app")
        deploy(["detection"], request.getfixturevalue("tiny_vision").directory)
        settings = Settings(engine="modal")
    else:
        store: WeightStore = request.getfixturevalue("tiny_vision")
        settings = Settings(engine="torch", weights=store.directory, device="cpu")
    built = build_engine(settings)
    await built.load()
    yield built
    await built.close()


async def test_candidates_lie_in_the_photo_with_masks_of_its_size(engine: Engine) -> None:
    photo = room(240, 320)
    found = await engine.detect(photo, masks=True)
    assert found
    for candidate in found:
        box = candidate.box
        assert 0 <= box.left < box.right <= 320
        assert 0 <= box.top < box.bottom <= 240
        assert 0 < candidate.confidence <= 1
        assert candidate.mask is not None
        assert candidate.mask.shape == (240, 320)
        assert candidate.mask.dtype == np.bool_
        assert candidate.mask.any()


async def test_masks_are_left_out_unless_wanted(engine: Engine) -> None:
    found = await engine.detect(room(240, 320), masks=False)
    assert found
    assert all(candidate.mask is None for candidate in found)


async def test_the_same_photo_gives_the_same_answer(engine: Engine) -> None:
    first, second = [await engine.detect(room(240, 320), masks=True) for _time in range(2)]
    assert [(one.label, one.confidence, one.box) for one in first] == [
        (one.label, one.confidence, one.box) for one in second
    ]
    assert all(
        np.array_equal(one.mask, other.mask)
        for one, other in zip(first, second, strict=True)
        if one.mask is not None and other.mask is not None
    )


@pytest.mark.parametrize("shape", [(256, 4096), (4096, 256), (16, 16)])
async def test_odd_shapes_and_a_plain_grey_picture_are_answered(engine: Engine, shape: tuple[int, int]) -> None:
    for photo in (room(*shape), np.full((*shape, 3), 128, dtype=np.uint8)):
        for candidate in await engine.detect(photo, masks=True):
            assert candidate.mask is not None
            assert candidate.mask.shape == shape


@pytest.mark.slow
async def test_ten_requests_at_once_are_all_answered(engine: Engine) -> None:
    answers = await asyncio.gather(*(engine.detect(room(240, 320), masks=False) for _request in range(10)))
    assert len({len(answer) for answer in answers}) == 1


@pytest.mark.slow
async def test_more_requests_than_the_queue_holds_are_told_to_come_back(engine: Engine) -> None:
    answers = await asyncio.gather(
        *(engine.detect(room(64, 64), masks=False) for _request in range(40)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert refused
    assert all(isinstance(answer, Exhausted) and answer.retryable for answer in refused)
    assert await engine.detect(room(64, 64), masks=False) is not None


async def test_it_names_itself_and_its_models(engine: Engine) -> None:
    assert engine.info.name in ("lite", "torch", "triton", "modal")
    assert engine.info.models
    assert all(model.name and model.revision for model in engine.info.models)
