"""Ultralytics' detectors: boxes, segmentation and open-vocabulary checkpoints, and their exported forms.

Nothing else imports the package. Before it is imported it is told to load checkpoints under its restriction (a
checkpoint is a pickle), never to use the network or install anything, and to keep its settings file in a directory of
this process.
"""

import os
import pickle
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn
from unittest.mock import patch

import numpy as np
from PIL import Image

from detection.domain import Box, Candidate
from detection.engine import names
from servicekit.imaging.arrays import RGB
from servicekit.inference.hardware import Hardware
from servicekit.weights import WeightsCorrupt, WeightsMissing

_CONFIGURATION = tempfile.TemporaryDirectory(prefix="modomo-ultralytics-")
os.environ |= {
    "ULTRALYTICS_SAFE_LOAD": "true",
    "YOLO_CONFIG_DIR": _CONFIGURATION.name,
    "YOLO_OFFLINE": "true",
    "YOLO_AUTOINSTALL": "false",
    "YOLO_VERBOSE": "false",
}

_open = Image.open

import torch  # noqa: E402 - after the environment is set
from ultralytics.models import YOLO  # noqa: E402
from ultralytics.nn.tasks import _SafeLoad  # noqa: E402 - it degrades silently where torch cannot restrict loading
from ultralytics.utils import SAFE_LOAD  # noqa: E402

Image.open = _open  # the package's own, put in its place for the whole process, installs software on a broken file

MAX_OBJECTS: Final = 64
"""Of one photo; the least confident go first."""
OVERLAP: Final = 0.7
"""Boxes that overlap by more (intersection over union) are one thing, whatever their labels."""

_UNREADABLE: Final = (
    OSError,
    ValueError,
    RuntimeError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    ImportError,
    pickle.UnpicklingError,
)


class Yolo:
    """Finds boxes with names."""

    def __init__(self, file: Path, hardware: Hardware, *, side: int, min_confidence: float) -> None:
        """`side` is the length in pixels that a photo's longer side is brought to.

        Raises WeightsCorrupt where the file is no checkpoint, holds anything beyond the restriction, or knows none of
        our labels.
        """
        if not (SAFE_LOAD and _SafeLoad.SUPPORTED):
            raise WeightsCorrupt(
                "ultralytics was imported before, or torch is too old: checkpoints would load unsafely"
            )
        if not file.is_file():
            raise WeightsMissing(f"{file} is missing")  # ultralytics would go and look for it on the network
        try:
            if file.suffix == ".pt":
                _check_pickle(file)
            self._model = YOLO(str(file), task=None if file.suffix == ".pt" else "segment")
            self._options: dict[str, Any] = {
                "imgsz": side,
                "conf": min_confidence,
                "iou": OVERLAP,
                "agnostic_nms": True,
                "max_det": MAX_OBJECTS,
                "quantize": 16 if hardware.dtype == torch.float16 else None,
                "device": str(hardware.device),
                "save": False,
                "verbose": False,
            }
            self._labels = names.labels_by_class(self._model.names)
        except _UNREADABLE as error:
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            raise WeightsCorrupt(f"{file} cannot be loaded as a YOLO checkpoint: {reason}") from error
        if not self._labels:
            raise WeightsCorrupt(f"{file} {_without_labels(list(self._model.names.values()))}")
        self._options["classes"] = sorted(self._labels)

    def detect(self, photo: RGB) -> Sequence[Candidate]:
        """Boxes within the photo, most confident first, without masks."""
        bgr = np.ascontiguousarray(photo[..., ::-1])
        results: Any = self._model.predict(bgr, **self._options)
        height, width = photo.shape[:2]
        found = []
        for left, top, right, bottom, confidence, index in results[0].boxes.data.float().cpu().tolist():
            box = Box(left=max(0.0, left), top=max(0.0, top), right=min(width, right), bottom=min(height, bottom))
            if box.area >= 1 and np.isfinite(confidence):
                found.append(Candidate(label=self._labels[int(index)], confidence=min(1.0, confidence), box=box))
        return sorted(found, key=lambda candidate: -candidate.confidence)


def _without_labels(known: Sequence[str]) -> str:
    """What is wrong with a checkpoint that knows none of our labels, and what helps."""
    if known == ["object"]:
        return (
            "knows everything by the one name 'object': it is a prompt-free checkpoint without its vocabulary; get "
            "Ultralytics' own release file, which has it, with `python -m servicekit.weights pull yoloe`, or set "
            "MODOMO_DETECTION_DETECTOR=yolo11"
        )
    return f"has no class of our vocabulary, only {', '.join(known[:20])}; set MODOMO_DETECTION_DETECTOR=yolo11"


def _check_pickle(file: Path) -> None:
    """Raises ValueError for a checkpoint whose pickle calls a class of the package instead of restoring an object.

    The restriction lets it call any class that it may name: `TorchVision("resnet50")` downloads, `PoseModel("https://…")`
    as well. What is saved never does: pickles make an object without its constructor, and fill it.
    """
    with _SafeLoad.loading(file), _nothing_constructed():
        torch.load(file, map_location="cpu", weights_only=True)


@contextmanager
def _nothing_constructed() -> Iterator[None]:
    """Lets no constructor run of the modules that checkpoints may name."""

    def refuse(self: object, *_args: object, **_options: object) -> NoReturn:
        raise ValueError(f"it makes a {type(self).__name__} anew")

    with ExitStack() as patches:
        for kind in (_SafeLoad._registry or {}).values():
            if isinstance(kind, type) and issubclass(kind, torch.nn.Module):
                patches.enter_context(patch.object(kind, "__init__", refuse))
        yield
