"""What the pipeline asks of an engine, and what it makes of the answers."""

from collections.abc import Set as AbstractSet
from typing import cast

import numpy as np
import pytest

import roomnet
from controlmaps.__main__ import build_engine
from controlmaps.domain import Analysis, Classification, Pair, Segmentation
from controlmaps.engine.tasks import Task
from controlmaps.pipeline import Pipeline
from controlmaps.settings import Settings
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import EngineInfo
from servicekit.types.control_maps import MapKind
from servicekit.types.rooms import RoomType
from tests.fixtures.rooms import DrawnRoom

PHOTO = np.full((20, 30, 3), 90, dtype=np.uint8)


class Recorded:
    """An engine that records what it is asked."""

    def __init__(self, *, measures_depth: bool = True) -> None:
        self.asked: list[AbstractSet[Task]] = []
        self.measures_depth = measures_depth

    @property
    def info(self) -> EngineInfo:
        return EngineInfo(name="recorded")

    async def load(self) -> None:
        return

    async def analyze(self, photo: RGB, tasks: AbstractSet[Task]) -> Analysis:
        self.asked.append(tasks)
        shape = photo.shape[:2]
        answers = {
            Task.CLASSIFICATION: Classification(rooms={RoomType.KITCHEN: 1.0}, room_probability=1.0),
            Task.DEPTH: np.ones(shape, dtype=np.float32),
            Task.SEGMENTATION: Segmentation(
                labels=np.zeros(shape, dtype=np.uint8), confidence=np.ones(shape, dtype=np.float32)
            ),
        }
        return cast("Analysis", {task.value: answers[task] for task in tasks})

    async def close(self) -> None:
        return


@pytest.mark.parametrize(
    ("kinds", "tasks"),
    [
        ([], set()),
        ([MapKind.CANNY], set()),
        ([MapKind.CONFIDENCE, MapKind.SEGMENTATION], {Task.SEGMENTATION}),
        (list(MapKind), {Task.DEPTH, Task.SEGMENTATION}),
    ],
)
async def test_the_engine_is_asked_once_for_what_the_maps_need(kinds: list[MapKind], tasks: set[Task]) -> None:
    engine = Recorded()
    found, maps = await Pipeline(engine).analyze(PHOTO, kinds)
    assert found.rooms[RoomType.KITCHEN] == 1
    assert [one.kind for one in maps] == kinds
    assert all(one.pixels.shape[:2] == (20, 30) for one in maps)
    assert engine.asked == [{Task.CLASSIFICATION} | tasks]


async def test_both_pictures_are_analysed_with_every_model_that_there_is() -> None:
    pair = Pair(original=PHOTO, result=PHOTO, kept=None, palette=np.zeros((0, 3), dtype=np.uint8))
    measuring, other = Recorded(), Recorded(measures_depth=False)
    assert (await Pipeline(measuring).assess(pair)).structure == pytest.approx(1)
    await Pipeline(other).assess(pair)
    assert measuring.asked == [{Task.SEGMENTATION, Task.DEPTH}] * 2
    assert other.asked == [{Task.SEGMENTATION}] * 2


async def test_what_was_seen_before_is_not_looked_for_again_by_what_sees_the_same_at_every_size() -> None:
    seen = Segmentation(labels=np.zeros((20, 30), dtype=np.uint8), confidence=np.ones((20, 30), dtype=np.float32))
    pair = Pair(original=PHOTO, result=PHOTO, kept=None, palette=np.zeros((0, 3), dtype=np.uint8), seen=seen)
    one_network, measuring, assessor = Recorded(measures_depth=False), Recorded(), Recorded(measures_depth=False)
    assert (await Pipeline(one_network).assess(pair)).structure == pytest.approx(1)
    await Pipeline(measuring).assess(pair)
    await Pipeline(measuring, assessor=assessor).assess(pair)  # which has drawn none of these maps
    assert [len(one.asked) for one in (one_network, measuring, assessor)] == [1, 2, 2]


async def test_an_assessor_scores_pairs_in_the_engines_place() -> None:
    pair = Pair(original=PHOTO, result=PHOTO, kept=None, palette=np.zeros((0, 3), dtype=np.uint8))
    engine, assessor = Recorded(), Recorded(measures_depth=False)
    pipeline = Pipeline(engine, assessor=assessor)
    assert (await pipeline.assess(pair)).structure == pytest.approx(1)
    await pipeline.analyze(PHOTO, [MapKind.DEPTH])
    assert assessor.asked == [{Task.SEGMENTATION}] * 2
    assert engine.asked == [{Task.CLASSIFICATION, Task.DEPTH}]


async def test_the_lite_engine_analyses_a_photo_once(drawn_room: DrawnRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    photos: list[RGB] = []
    analyse = roomnet.analyse

    def counted(photo: RGB) -> roomnet.RoomAnalysis:
        photos.append(photo)
        return analyse(photo)

    monkeypatch.setattr(roomnet, "analyse", counted)
    engine = build_engine(Settings(engine="lite"))
    await Pipeline(engine).analyze(drawn_room.photo, list(MapKind))
    await engine.close()
    assert len(photos) == 1
