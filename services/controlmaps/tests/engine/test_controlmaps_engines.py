"""What every controlmaps engine keeps, whatever it runs on."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from controlmaps.__main__ import build_engine
from controlmaps.domain import Classification
from controlmaps.engine import Engine
from controlmaps.engine.tasks import Task
from controlmaps.settings import Settings
from servicekit.errors import Exhausted
from servicekit.imaging.arrays import RGB
from servicekit.types import ade20k
from servicekit.types.rooms import RoomType
from servicekit.weights import WeightStore
from tests.fixtures.modal_app import Deploy
from tests.fixtures.triton import TritonServer

pytestmark = pytest.mark.timeout(900)  # the first test of a session loads torch and makes the tiny models


def room(height: int, width: int, *, seed: int = 3) -> RGB:
    """A floor, a wall, and boxes of other colours on them."""
    photo = np.full((height, width, 3), (205, 200, 190), dtype=np.uint8)
    photo[height * 6 // 10 :] = (120, 85, 55)
    photo[height // 2 : height * 8 // 10, width // 8 : width // 2] = (40, 70, 120)
    photo[height // 8 : height // 2, width * 6 // 10 : width * 9 // 10] = (245, 250, 255)
    noise = np.random.default_rng(seed).integers(-9, 9, photo.shape)
    return np.asarray(np.clip(photo + noise, 0, 255), dtype=np.uint8)


@pytest.fixture(params=["lite", *(pytest.param(name, marks=pytest.mark.slow) for name in ("torch", "triton", "modal"))])
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    name = request.param
    if name == "lite":
        settings = Settings(engine="lite")
    elif name == "triton":
        server: TritonServer = request.getfixturevalue("triton_server")
        server.load(list(Task))
        settings = Settings(engine="triton", triton=server.address)
    elif name == "modal":
        deploy: Deploy = request.getfixturevalue("modal_app")
        deploy(["controlmaps"], request.getfixturevalue("tiny_vision").directory)
        settings = Settings(engine="modal")
    else:
        store: WeightStore = request.getfixturevalue("tiny_vision")
        settings = Settings(engine="torch", weights=store.directory, device="cpu")
    built = build_engine(settings)
    await built.load()
    yield built
    await built.close()


async def classify(engine: Engine, photo: RGB) -> Classification:
    return (await engine.analyze(photo, {Task.CLASSIFICATION}))["classification"]


async def test_probabilities_are_probabilities(engine: Engine) -> None:
    found = await classify(engine, room(240, 320))
    assert set(found.rooms) <= set(RoomType)
    assert all(0 <= probability <= 1 for probability in found.rooms.values())
    assert sum(found.rooms.values()) == pytest.approx(1, abs=1e-5)
    assert 0 <= found.room_probability <= 1


async def test_depth_is_of_the_photos_size_and_finite(engine: Engine) -> None:
    inverse_depth = (await engine.analyze(room(240, 320), {Task.DEPTH}))["depth"]
    assert inverse_depth.shape == (240, 320)
    assert inverse_depth.dtype == np.float32
    assert np.isfinite(inverse_depth).all()
    assert inverse_depth.std() > 0


async def test_labels_are_ade20k_at_the_photos_size(engine: Engine) -> None:
    found = (await engine.analyze(room(240, 320), {Task.SEGMENTATION}))["segmentation"]
    assert found.labels.shape == found.confidence.shape == (240, 320)
    assert found.labels.dtype == np.uint8
    assert found.labels.max() < ade20k.CLASSES
    assert found.confidence.dtype == np.float32
    assert found.confidence.min() >= 0
    assert found.confidence.max() <= 1


async def test_the_same_photo_gives_the_same_answer(engine: Engine) -> None:
    first, second = [await engine.analyze(room(240, 320), set(Task)) for _time in range(2)]
    assert np.array_equal(first["depth"], second["depth"])
    assert np.array_equal(first["segmentation"].labels, second["segmentation"].labels)
    assert first["classification"] == second["classification"]


@pytest.mark.parametrize("shape", [(256, 4096), (4096, 256), (16, 16)])
async def test_odd_shapes_and_a_plain_grey_picture_are_answered(engine: Engine, shape: tuple[int, int]) -> None:
    for photo in (room(*shape), np.full((*shape, 3), 128, dtype=np.uint8)):
        found = await engine.analyze(photo, set(Task))
        assert found["depth"].shape == shape
        assert found["segmentation"].labels.shape == shape
        assert sum(found["classification"].rooms.values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
async def test_ten_requests_at_once_are_all_answered(engine: Engine) -> None:
    answers = await asyncio.gather(*(classify(engine, room(240, 320, seed=seed)) for seed in range(10)))
    alone = await classify(engine, room(240, 320, seed=4))
    assert answers[4].rooms == pytest.approx(dict(alone.rooms), abs=1e-4)


@pytest.mark.slow
async def test_more_requests_than_the_queue_holds_are_told_to_come_back(engine: Engine) -> None:
    answers = await asyncio.gather(
        *(classify(engine, room(64, 64, seed=seed)) for seed in range(40)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert refused
    assert all(isinstance(answer, Exhausted) and answer.retryable for answer in refused)
    assert (await classify(engine, room(64, 64))).rooms


async def test_it_names_itself_and_its_models(engine: Engine) -> None:
    assert engine.info.name in ("lite", "torch", "triton", "modal")
    assert engine.info.models
    assert all(model.name and model.revision for model in engine.info.models)
