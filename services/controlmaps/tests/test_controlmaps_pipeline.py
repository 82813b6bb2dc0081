"""What the pipeline asks of an engine, and what becomes of its failures."""

import asyncio

import numpy as np
import pytest
from numpy.typing import NDArray

import roomnet
from controlmaps.__main__ import build_engine
from controlmaps.domain import Classification, MapKind, Pair, Segmentation
from controlmaps.pipeline import Pipeline
from controlmaps.settings import Settings
from servicekit.config import env
from servicekit.errors import Exhausted
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import EngineInfo
from servicekit.types.vocabulary import RoomType
from tests.fixtures.rooms import DrawnRoom

PHOTO = np.full((20, 30, 3), 90, dtype=np.uint8)


class Asked:
    """An engine that remembers what it was asked, and is out of memory for depth where told so."""

    def __init__(self, *, full: bool = False) -> None:
        self.asked: list[str] = []
        self._full = full
        self.measures_depth = True

    @property
    def info(self) -> EngineInfo:
        return EngineInfo(name="asked")

    async def load(self) -> None:
        return

    async def classify(self, photo: RGB) -> Classification:
        self.asked.append("classify")
        return Classification(rooms={RoomType.KITCHEN: 1.0}, room_probability=1.0)

    async def depth(self, photo: RGB) -> NDArray[np.float32]:
        self.asked.append("depth")
        if self._full:
            raise Exhausted("OUT_OF_MEMORY", "The device is out of memory.")
        return np.ones(photo.shape[:2], dtype=np.float32)

    async def segment(self, photo: RGB) -> Segmentation:
        self.asked.append("segment")
        if self._full:
            await asyncio.Event().wait()  # is cancelled when depth fails
        shape = photo.shape[:2]
        return Segmentation(labels=np.zeros(shape, dtype=np.uint8), confidence=np.ones(shape, dtype=np.float32))

    async def close(self) -> None:
        return


async def test_canny_asks_nothing_of_the_engine() -> None:
    engine = Asked()
    (edges,) = await Pipeline(engine).generate(PHOTO, [MapKind.CANNY])
    assert edges.pixels.shape == (20, 30)
    assert not engine.asked


async def test_segmentation_and_confidence_are_one_question() -> None:
    engine = Asked()
    maps = await Pipeline(engine).generate(PHOTO, [MapKind.CONFIDENCE, MapKind.SEGMENTATION])
    assert [one.kind for one in maps] == [MapKind.CONFIDENCE, MapKind.SEGMENTATION]
    assert engine.asked == ["segment"]


async def test_both_pictures_are_looked_at_with_every_model_that_there_is() -> None:
    pair = Pair(original=PHOTO, result=PHOTO, kept=None, palette=np.zeros((0, 3), dtype=np.uint8))
    measuring, other = Asked(), Asked()
    other.measures_depth = False
    assert (await Pipeline(measuring).assess(pair)).structure == pytest.approx(1)
    await Pipeline(other).assess(pair)
    assert (sorted(measuring.asked), other.asked) == (["depth"] * 2 + ["segment"] * 2, ["segment"] * 2)


async def test_a_full_device_is_told_as_such_and_the_rest_is_stopped() -> None:
    with pytest.raises(Exhausted, match="out of memory"):
        await Pipeline(Asked(full=True)).generate(PHOTO, list(MapKind))


async def test_all_questions_about_a_photo_cost_one_analysis(
    drawn_room: DrawnRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos: list[RGB] = []

    def counted(photo: RGB) -> roomnet.RoomAnalysis:
        photos.append(photo)
        return roomnet.analyse(photo)

    monkeypatch.setattr(roomnet, "analysis_of", counted)
    engine = build_engine(Settings(engine="lite"))
    pipeline = Pipeline(engine)
    await asyncio.gather(
        pipeline.classify(drawn_room.photo.copy()), pipeline.generate(drawn_room.photo.copy(), list(MapKind))
    )
    await pipeline.classify(drawn_room.photo)
    await engine.close()
    assert len(photos) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ROOM_THRESHOLD", "1.5"),
        ("ROOM_THRESHOLD", "nan"),
        ("RECENT_PHOTOS", "0"),
        ("THREADS", "0"),
        ("ENGINE", "magic"),
    ],
)
def test_settings_that_cannot_work_are_refused(name: str, value: str) -> None:
    with pytest.raises(env.SettingsError):
        env.read(Settings, prefix="MODOMO_CONTROLMAPS_", environ={f"MODOMO_CONTROLMAPS_{name}": value})
