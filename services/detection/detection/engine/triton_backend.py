"""The torch detector as a model of Triton's Python backend; its settings are the detection service's own."""

from collections.abc import Sequence
from typing import Any

from detection.engine.torch_detector import Options, TorchDetector
from detection.engine.triton import INPUTS, packed
from detection.settings import PREFIX, Settings
from servicekit.config import env
from servicekit.inference.triton import backend
from servicekit.weights import WeightStore


class DetectionModel:
    """What Triton calls; one instance a device."""

    def initialize(self, args: dict[str, str]) -> None:
        """Loads and runs once; an error keeps Triton from calling the model ready."""
        settings = env.read(Settings, prefix=PREFIX)
        options = Options(
            detector=settings.detector,
            segmenter=settings.segmenter,
            device=backend.device(args),
            side=settings.detector_side,
            min_confidence=settings.min_confidence,
        )
        self._detector = TorchDetector(WeightStore(settings.weights), options)
        self._detector.warm_up()

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Answers one photo at a time: the model's largest batch is 1."""
        return backend.answer(requests, self._detect, inputs=INPUTS, models=self._detector.models)

    def _detect(self, given: backend.Arrays) -> backend.Arrays:
        (photo,), ((masks,),) = given["photo"], given["masks"]
        found = self._detector.detect(photo, masks=bool(masks))
        outputs = packed(found, shape=(photo.shape[0], photo.shape[1]))
        return {name: array[None] for name, array in outputs.items()}
