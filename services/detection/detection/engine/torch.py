"""Detection with the mission's models on this process's own device."""

from collections.abc import Callable, Sequence

from detection.domain import Candidate
from detection.engine.torch_detector import TorchDetector
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import EngineInfo
from servicekit.inference.executor import DeviceExecutor


class TorchEngine:
    """YOLO and SAM 2.1, one photo at a time."""

    def __init__(self, executor: DeviceExecutor, build: Callable[[], TorchDetector]) -> None:
        """`build` loads the models; it runs on the executor."""
        self._executor = executor
        self._build = build
        self._detector: TorchDetector | None = None

    @property
    def info(self) -> EngineInfo:
        """Who this is."""
        return EngineInfo(name="torch", models=self._detector.models if self._detector else ())

    async def load(self) -> None:
        """Loads both models and runs them once; raises WeightsError."""
        detector = await self._executor.run(self._build)
        await self._executor.run(detector.warm_up)
        self._detector = detector

    async def detect(self, photo: RGB, *, masks: bool) -> Sequence[Candidate]:
        """Objects of our vocabulary, their masks cleaned."""
        detector = self._detector
        if detector is None:
            raise RuntimeError("detect before load")
        return await self._executor.run(lambda: detector.detect(photo, masks=masks))

    async def close(self) -> None:
        """Ends the worker thread and lets go of the models."""
        self._executor.close()
        self._detector = None
