"""The torch networks as models of Triton's Python backend; their settings are the controlmaps service's own."""

from collections.abc import Sequence
from typing import Any, ClassVar

from controlmaps.engine.tasks import INPUT, OUTPUTS, Task
from controlmaps.engine.torch_networks import Options, TorchNetworks
from controlmaps.settings import PREFIX, Settings
from servicekit.config import env
from servicekit.inference.triton import backend
from servicekit.weights import WeightStore


class TaskModel:
    """What Triton calls; one instance a device. A model repository names the task in a subclass."""

    task: ClassVar[Task]
    """What the model answers."""

    def initialize(self, args: dict[str, str]) -> None:
        """Loads and runs once; an error keeps Triton from calling the model ready."""
        settings = env.read(Settings, prefix=PREFIX)
        options = Options(
            depth_model=settings.depth_model,
            segmentation_model=settings.segmentation_model,
            classifier_directory=settings.classifier_directory,
            device=backend.device(args),
        )
        self._networks = TorchNetworks(WeightStore(settings.weights), options, tasks=[self.task])
        self._networks.warm_up()

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Answers the requests that Triton batched, in one pass."""
        return backend.answer(requests, self._answers, inputs=[INPUT], models=self._networks.models)

    def _answers(self, given: backend.Arrays) -> backend.Arrays:
        return dict(zip(OUTPUTS[self.task], self._networks.infer(self.task, given[INPUT]), strict=True))
