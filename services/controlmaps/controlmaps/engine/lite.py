"""Room understanding with nothing to download, on roomnet."""

import numpy as np
from numpy.typing import NDArray

import roomnet
from controlmaps.domain import Classification, Segmentation
from controlmaps.engine.recent import Recent
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import EngineInfo, Model
from servicekit.inference.executor import DeviceExecutor
from servicekit.types.vocabulary import RoomType


class LiteEngine:
    """Everything from one analysis of roomnet's, kept for the last few photos."""

    def __init__(self, executor: DeviceExecutor, *, recent_photos: int) -> None:
        self._executor = executor
        self._analyses = Recent(self._analyse, limit=recent_photos)

    @property
    def info(self) -> EngineInfo:
        """Who this is."""
        return EngineInfo(name="lite", models=(Model(name="roomnet", revision=roomnet.revision()),))

    @property
    def measures_depth(self) -> bool:
        """No: one network gives both, and its depth is stood on the surfaces."""
        return False

    async def load(self) -> None:
        """Runs once on a small grey picture."""
        await self._analyse(np.full((64, 64, 3), 128, dtype=np.uint8))

    async def classify(self, photo: RGB) -> Classification:
        """What kind of room it is."""
        found = await self._analyses.get(photo)
        rooms = {RoomType(room): probability for room, probability in found.rooms.items()}
        return Classification(rooms=rooms, room_probability=found.room_probability)

    async def depth(self, photo: RGB) -> NDArray[np.float32]:
        """Inverse depth of the room's planes and what stands on them."""
        return (await self._analyses.get(photo)).inverse_depth

    async def segment(self, photo: RGB) -> Segmentation:
        """Surfaces and objects."""
        found = await self._analyses.get(photo)
        return Segmentation(labels=found.labels, confidence=found.confidence)

    async def close(self) -> None:
        """Ends the worker thread."""
        self._executor.close()

    async def _analyse(self, photo: RGB) -> roomnet.RoomAnalysis:
        return await self._executor.run(lambda: roomnet.analysis_of(photo))
