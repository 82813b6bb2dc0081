"""What the engines with models make of the failure of one of them."""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from controlmaps.engine.model_engine import ModelEngine
from controlmaps.engine.tasks import Task
from servicekit.errors import Exhausted


class Full(ModelEngine):
    """Out of memory for depth once the other tasks are under way, which never end by themselves."""

    def __init__(self) -> None:
        super().__init__(depth_model="dpt", temperature=1.0)
        self.started = asyncio.Barrier(len(Task))
        self.stopped: set[Task] = set()

    async def infer(self, task: Task, pixels: NDArray[np.uint8]) -> Sequence[NDArray[Any]]:
        await self.started.wait()
        if task is Task.DEPTH:
            raise Exhausted("OUT_OF_MEMORY", "The device is out of memory.")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.stopped.add(task)
            raise
        raise AssertionError("nothing sets the event")


async def test_a_full_device_is_told_as_such_and_the_other_tasks_are_stopped() -> None:
    engine = Full()
    with pytest.raises(Exhausted, match="out of memory"):
        await engine.analyze(np.full((20, 30, 3), 90, dtype=np.uint8), set(Task))
    assert engine.stopped == {Task.CLASSIFICATION, Task.SEGMENTATION}
