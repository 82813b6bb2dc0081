"""YOLO for names and boxes, SAM 2.1 for masks. One photo at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from detection.domain import Box, Candidate
from detection.engine import mask_cleaning
from detection.engine.torch_sam2 import Sam2
from detection.engine.torch_yolo import MAX_OBJECTS, Yolo
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import Model
from servicekit.inference.hardware import choose, run_with_oom_guard
from servicekit.weights import WeightStore

MASK_PIXELS: Final = 400_000_000
"""All masks of an answer together; of a very large photo only the most confident objects fit."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to detect."""

    detector: str = "yolo11"
    """Name in the weights' manifest of what finds boxes."""

    segmenter: str = "sam2"
    """Name there of what turns boxes into masks."""

    device: str = "auto"
    """`auto`, `cpu`, `cuda` or `cuda:1`."""

    side: int = 640
    """Pixels that a photo's longer side is brought to for the detector; a multiple of 32."""

    min_confidence: float = 0.25
    """Candidates below are left out; 0–1."""


class TorchDetector:
    """Both models on one device."""

    def __init__(self, store: WeightStore, options: Options) -> None:
        """Loads; raises WeightsMissing, WeightsCorrupt, or SettingsError for a device that is not there."""
        self._hardware = choose(options.device)
        files = [store.file(name) for name in (options.detector, options.segmenter)]
        self._yolo = Yolo(files[0], self._hardware, side=options.side, min_confidence=options.min_confidence)
        self._sam2 = Sam2(files[1], self._hardware)
        self.models: tuple[Model, ...] = (store.model(options.detector), store.model(options.segmenter))
        """Who finds, in the order of use."""

    def warm_up(self) -> None:
        """Runs both models once on the shapes of photos that are served; raises as `detect`."""
        for height, width in self._hardware.photo_shapes:
            grey = np.full((height, width, 3), 128, dtype=np.uint8)
            run_with_oom_guard(self._hardware, lambda grey=grey: self._yolo.detect(grey))  # type: ignore[misc]  # bound now
        whole = Box(left=0, top=0, right=width, bottom=height)
        run_with_oom_guard(self._hardware, lambda: list(self._sam2.masks(grey, [whole])))

    def detect(self, photo: RGB, *, masks: bool) -> Sequence[Candidate]:
        """Candidates, most confident first; raises Exhausted where the device is out of memory, and stays usable."""
        return run_with_oom_guard(self._hardware, lambda: self._detect(photo, masks=masks))

    def _detect(self, photo: RGB, *, masks: bool) -> Sequence[Candidate]:
        candidates = self._yolo.detect(photo)
        if not masks:
            return candidates
        height, width = photo.shape[:2]
        candidates = candidates[: max(1, min(MAX_OBJECTS, MASK_PIXELS // (height * width)))]
        found = self._sam2.masks(photo, [candidate.box for candidate in candidates])
        return [
            replace(candidate, mask=mask_cleaning.cleaned(mask, candidate.box))
            for candidate, mask in zip(candidates, found, strict=True)
        ]
