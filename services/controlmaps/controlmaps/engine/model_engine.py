"""What the engines with models have in common: a photo is brought to the working size, a model answers, and the answer
is brought back to the photo's size."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from controlmaps.domain import Analysis, Classification, Segmentation
from controlmaps.engine.resizing import resized
from controlmaps.engine.tasks import DepthModel, Task, working_sizes
from servicekit.imaging.arrays import RGB
from servicekit.types.rooms import RoomType


class ModelEngine(ABC):
    """Answers from `infer`, which runs a model wherever it is."""

    def __init__(self, *, depth_model: DepthModel, temperature: float, reduced: bool = False) -> None:
        """`temperature` divides the classifier's logits: above 1 makes it less sure of itself; `reduced` is a working
        size for a machine without a GPU."""
        self._sizes = working_sizes(depth_model, reduced=reduced)
        self._temperature = temperature

    @property
    def measures_depth(self) -> bool:
        """Yes."""
        return True

    @abstractmethod
    async def infer(self, task: Task, pixels: NDArray[np.uint8]) -> Sequence[NDArray[Any]]:
        """The task's answers for a batch of one; raises Exhausted where the device is busy or out of memory."""

    async def analyze(self, photo: RGB, tasks: AbstractSet[Task]) -> Analysis:
        """One pass of each task's model, all at once; raises ArithmeticError where one answers NaN or infinity, as half
        precision can: no map or score is made of it."""
        answer = {Task.CLASSIFICATION: self._classify, Task.DEPTH: self._depth, Task.SEGMENTATION: self._segment}
        try:
            async with asyncio.TaskGroup() as group:
                running: dict[str, asyncio.Task[Any]] = {
                    task.value: group.create_task(answer[task](photo)) for task in tasks
                }
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures  # one tells the caller enough, a group nothing
        return cast("Analysis", {name: one.result() for name, one in running.items()})

    async def _classify(self, photo: RGB) -> Classification:
        (logits,) = await self._answers(Task.CLASSIFICATION, photo)
        return classification(logits / self._temperature)

    async def _depth(self, photo: RGB) -> NDArray[np.float32]:
        (inverse_depth,) = await self._answers(Task.DEPTH, photo)
        return await asyncio.to_thread(_enlarged, inverse_depth, photo, cv2.INTER_CUBIC)

    async def _segment(self, photo: RGB) -> Segmentation:
        labels, confidence = await self._answers(Task.SEGMENTATION, photo)
        return Segmentation(
            labels=await asyncio.to_thread(_enlarged, labels, photo, cv2.INTER_NEAREST),
            confidence=await asyncio.to_thread(_enlarged, confidence, photo, cv2.INTER_LINEAR),
        )

    async def _answers(self, task: Task, photo: RGB) -> list[NDArray[Any]]:
        size = self._sizes[task].of(*photo.shape[:2])
        pixels = await asyncio.to_thread(resized, photo, size)
        answers = [answer[0] for answer in await self.infer(task, pixels[np.newaxis])]
        if not all(np.isfinite(answer).all() for answer in answers):
            raise ArithmeticError(f"the model for {task} answered what is no finite number")
        return answers


def classification(logits: NDArray[np.floating]) -> Classification:
    """Probabilities from logits, one a room type and the last for all that is no room; all finite."""
    weights = np.exp(logits.astype(np.float64) - logits.max())
    *rooms, elsewhere = (weights / weights.sum()).tolist()
    total = sum(rooms)
    return Classification(
        rooms={
            room: share / total if total > 0 else 1 / len(rooms) for room, share in zip(RoomType, rooms, strict=True)
        },
        room_probability=1 - elsewhere,
    )


def _enlarged(answer: NDArray[Any], photo: RGB, interpolation: int) -> NDArray[Any]:
    height, width = photo.shape[:2]
    enlarged: NDArray[Any] = cv2.resize(np.ascontiguousarray(answer), (width, height), interpolation=interpolation)
    return enlarged
