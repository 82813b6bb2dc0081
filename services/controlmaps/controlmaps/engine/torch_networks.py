"""All of controlmaps' networks on one device. Synchronous, one batch at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from controlmaps.engine import torch_depth, torch_rooms, torch_segmentation
from controlmaps.engine.tasks import DepthModel, SegmentationModel, Task, working_sizes
from servicekit.inference.engine import Model
from servicekit.inference.hardware import Hardware, choose, run_with_oom_guard
from servicekit.weights import WeightStore

CLASSIFIER: Final = "siglip2"


@dataclass(frozen=True, kw_only=True)
class Options:
    """Which networks to load."""

    depth_model: DepthModel = "dpt"

    segmentation_model: SegmentationModel = "upernet"

    classifier_directory: Path | None = None
    """A directory in transformers' form to classify with in place of SigLIP 2."""

    device: str = "auto"
    """`auto`, `cpu`, `cuda` or `cuda:1`."""

    reduced: bool = False
    """Smaller working sizes, and bfloat16 on a processor that has instructions for it."""


class TorchNetworks:
    """Answers tasks; see controlmaps.engine.tasks."""

    def __init__(self, store: WeightStore, options: Options, *, tasks: Sequence[Task] = tuple(Task)) -> None:
        """Loads what `tasks` need; raises WeightsMissing, WeightsCorrupt, or SettingsError for a missing device."""
        self.hardware = choose(options.device, bfloat16=options.reduced)
        self._sizes = working_sizes(options.depth_model, reduced=options.reduced)
        names = {
            Task.CLASSIFICATION: CLASSIFIER,
            Task.DEPTH: options.depth_model,
            Task.SEGMENTATION: options.segmentation_model,
        }
        self.networks: dict[Task, torch.nn.Module] = {}
        """By task."""
        models = []
        for task in tasks:
            own = options.classifier_directory if task is Task.CLASSIFICATION else None
            self.networks[task] = BUILDERS[task](own or store.path(names[task]), self.hardware).eval()
            models.append(Model(name=own.name, revision="local") if own else store.model(names[task]))
        self.models = tuple(models)
        """Who answers, in the tasks' order."""

    def infer(self, task: Task, pixels: NDArray[np.uint8]) -> list[NDArray[Any]]:
        """The task's arrays; raises Exhausted where the device is out of memory, and stays usable."""
        return run_with_oom_guard(self.hardware, lambda: self._infer(task, pixels))

    def warm_up(self) -> None:
        """Runs every network once on a grey picture of each size that it works at for common photos."""
        for task in self.networks:
            for height, width in sorted({self._sizes[task].of(*shape) for shape in self.hardware.photo_shapes}):
                self.infer(task, np.full((1, height, width, 3), 128, dtype=np.uint8))

    @torch.inference_mode()
    def _infer(self, task: Task, pixels: NDArray[np.uint8]) -> list[NDArray[Any]]:
        found = self.networks[task](torch.from_numpy(np.ascontiguousarray(pixels)).to(self.hardware.device))
        return [one.cpu().numpy() for one in (found if isinstance(found, tuple) else (found,))]


BUILDERS: Final[dict[Task, Callable[[Path, Hardware], torch.nn.Module]]] = {
    Task.CLASSIFICATION: torch_rooms.build,
    Task.DEPTH: torch_depth.build,
    Task.SEGMENTATION: torch_segmentation.build,
}
