"""Room analysis on an NVIDIA Triton server (deploy/triton/models): our torch networks, or exports of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from controlmaps.engine.model_engine import ModelEngine
from controlmaps.engine.resizing import Fixed
from controlmaps.engine.tasks import INPUT, OUTPUTS, DepthModel, Task
from servicekit.inference.engine import EngineInfo, Model
from servicekit.inference.triton.client import TritonClient


class TritonEngine(ModelEngine):
    """The same answers as the torch engine's, computed elsewhere."""

    def __init__(self, client: TritonClient, *, depth_model: DepthModel, temperature: float) -> None:
        """`depth_model` is the one that the server runs: it says what size photos are sent at."""
        super().__init__(depth_model=depth_model, temperature=temperature)
        self._client = client
        self._models: tuple[Model, ...] = ()

    @property
    def info(self) -> EngineInfo:
        """Who this is, and what the server said that it runs."""
        return EngineInfo(name="triton", models=self._models)

    async def load(self) -> None:
        """Waits for the server's models and runs each once; raises SettingsError where one does not come up."""
        found: list[Model] = []
        for task in Task:
            _batch, height, width, _channels = (await self._client.shapes(task))[INPUT]
            if height > 0 and width > 0:
                self._sizes[task] = Fixed(height=height, width=width)  # as exported for
            pixels = np.full((1, *self._sizes[task].of(3, 4), 3), 128, dtype=np.uint8)
            found += await self._client.warm_up(task, {INPUT: pixels})
        self._models = tuple(found)

    async def infer(self, task: Task, pixels: NDArray[np.uint8]) -> Sequence[NDArray[Any]]:
        """Asks the server, which batches requests of one size."""
        return await self._client.infer(task, {INPUT: pixels}, OUTPUTS[task])

    async def close(self) -> None:
        """Closes the connection."""
        await self._client.close()
