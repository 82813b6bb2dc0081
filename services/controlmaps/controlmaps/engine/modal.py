"""Room analysis on Modal's GPU containers, which host the torch networks (deploy/modal)."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from controlmaps.engine.model_engine import ModelEngine
from controlmaps.engine.tasks import DepthModel, Task
from servicekit.inference.engine import EngineInfo, Model
from servicekit.inference.modal.client import ModalClient

SERVICE: Final = "controlmaps"


class InferenceInput(msgspec.Struct, frozen=True, kw_only=True):
    """What the app's method `infer` takes; it gives the task's arrays."""

    task: Task

    pixels: NDArray[np.uint8]
    """1×H×W×3, of the task's working size."""


class ModalEngine(ModelEngine):
    """The same answers as the torch engine's, computed elsewhere."""

    def __init__(self, client: ModalClient, *, depth_model: DepthModel, temperature: float) -> None:
        """`depth_model` is the one that the app runs: it says what size photos are sent at."""
        super().__init__(depth_model=depth_model, temperature=temperature)
        self._client = client
        self._models: tuple[Model, ...] = ()

    @property
    def info(self) -> EngineInfo:
        """Who this is, and what the app said that it runs."""
        return EngineInfo(name="modal", models=self._models)

    async def load(self) -> None:
        """Asks the app what it runs, which starts a container; raises SettingsError where it cannot serve."""
        self._models = await self._client.load(SERVICE, tuple[Model, ...])

    async def infer(self, task: Task, pixels: NDArray[np.uint8]) -> Sequence[NDArray[Any]]:
        """Asks the app; cancelling this cancels the call on Modal."""
        return await self._client.ask("infer", InferenceInput(task=task, pixels=pixels), list[NDArray[Any]])

    async def close(self) -> None:
        """Closes the connection."""
        await self._client.close()
