"""Room analysis with nothing to download, on roomnet."""

from collections.abc import Set as AbstractSet

import numpy as np

import roomnet
from controlmaps.domain import Analysis, Classification, Segmentation
from controlmaps.engine.tasks import Task
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import EngineInfo, Model
from servicekit.inference.executor import DeviceExecutor
from servicekit.types.rooms import RoomType


class LiteEngine:
    """Answers all tasks from one analysis of roomnet's."""

    def __init__(self, executor: DeviceExecutor) -> None:
        self._executor = executor

    @property
    def info(self) -> EngineInfo:
        """Who this is."""
        model = Model(name="roomnet", revision=roomnet.revision(), licence="Apache-2.0")
        return EngineInfo(name="lite", models=(model,))

    @property
    def measures_depth(self) -> bool:
        """No: one network gives both, and its depth is fitted to the surfaces."""
        return False

    async def load(self) -> None:
        """Runs once on a small grey picture."""
        await self.analyze(np.full((64, 64, 3), 128, dtype=np.uint8), frozenset(Task))

    async def analyze(self, photo: RGB, tasks: AbstractSet[Task]) -> Analysis:
        """All answers, whichever are asked for: they cost nothing more."""
        found = await self._executor.run(lambda: roomnet.analyse(photo))
        return Analysis(
            classification=Classification(
                rooms={RoomType(room): probability for room, probability in found.rooms.items()},
                room_probability=found.room_probability,
            ),
            depth=found.inverse_depth,
            segmentation=Segmentation(labels=found.labels, confidence=found.confidence),
        )

    async def close(self) -> None:
        """Ends the worker thread."""
        self._executor.close()
