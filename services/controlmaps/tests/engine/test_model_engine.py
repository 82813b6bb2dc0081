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


class Broken(ModelEngine):
    """Answers every task with one value at one of its pixels."""

    def __init__(self, value: float) -> None:
        super().__init__(depth_model="dpt", temperature=1.0)
        self.value = value

    async def infer(self, task: Task, pixels: NDArray[np.uint8]) -> Sequence[NDArray[Any]]:
        if task is Task.CLASSIFICATION:
            return [np.array([[self.value, *[0.0] * 9]], np.float32)]
        plane = np.ones(pixels.shape[:3], np.float32)
        plane[0, 3, 5] = self.value
        return [plane] if task is Task.DEPTH else [np.zeros(pixels.shape[:3], np.uint8), plane]


@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
async def test_what_is_no_number_becomes_no_map(task: Task, value: float) -> None:
    photo = np.full((20, 30, 3), 90, dtype=np.uint8)
    with pytest.raises(ArithmeticError, match=f"the model for {task} answered what is no finite number"):
        await Broken(value).analyze(photo, {task})
    assert set(await Broken(0.5).analyze(photo, {task})) == {task.value}
