"""Room analysis with the mission's models on this process's own device."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from controlmaps.domain import Classification
from controlmaps.engine import Engine
from controlmaps.engine.model_engine import ModelEngine
from controlmaps.engine.tasks import DepthModel, Task
from controlmaps.engine.torch_networks import TorchNetworks
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import EngineInfo
from servicekit.inference.executor import DeviceExecutor


class TorchEngine(ModelEngine):
    """SigLIP 2, DPT and UPerNet, one photo at a time."""

    def __init__(
        self,
        executor: DeviceExecutor,
        build: Callable[[], TorchNetworks],
        *,
        depth_model: DepthModel,
        temperature: float,
        reduced: bool = False,
        classifier: Engine | None = None,
    ) -> None:
        """`build` loads the networks; it runs on the executor. `classifier` tells rooms in place of one of them; who
        gives it loads and closes it."""
        super().__init__(depth_model=depth_model, temperature=temperature, reduced=reduced)
        self._executor = executor
        self._build = build
        self._classifier = classifier
        self._networks: TorchNetworks | None = None

    @property
    def info(self) -> EngineInfo:
        """Who this is."""
        own = self._networks.models if self._networks else ()
        others = self._classifier.info.models if self._classifier else ()
        return EngineInfo(name="torch", models=(*others, *own))

    async def load(self) -> None:
        """Loads all networks and runs each once; raises WeightsError."""
        networks = await self._executor.run(self._build)
        await self._executor.run(networks.warm_up)
        self._networks = networks

    async def infer(self, task: Task, pixels: NDArray[np.uint8]) -> Sequence[NDArray[Any]]:
        """Runs a network on the device."""
        networks = self._networks
        if networks is None:
            raise RuntimeError("infer before load")
        return await self._executor.run(lambda: networks.infer(task, pixels))

    async def _classify(self, photo: RGB) -> Classification:
        if self._classifier is None:
            return await super()._classify(photo)
        return (await self._classifier.analyze(photo, {Task.CLASSIFICATION}))["classification"]

    async def close(self) -> None:
        """Ends the worker thread and lets go of the networks."""
        self._executor.close()
        self._networks = None
