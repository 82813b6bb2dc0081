"""What a real small network is sure of, in place of labels that nobody made.

Where `weights/` of the folder holds a DeepLabV3 of ADE20K as a TFLite file (Chen et al., "Rethinking Atrous Convolution
for Semantic Image Segmentation", 2017; Sandler et al., 2018), LiteRT runs it. It is wrong in ways of its own: figures
against it rank engines and changes, and are no truth.
"""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from servicekit.imaging.arrays import RGB
from servicekit.types import ade20k
from tools.eval_rooms.ground_truth import SURFACES, UNLABELLED, from_ade20k

PATTERN: Final = "*deeplabv3*ade20k_1*.tflite"
SURE: Final = 0.8
"""Probability of a surface from which it counts."""
STRIDE: Final = 3
"""Every so manieth of the network's pixels is read: it works at an eighth of its input's size."""
CLASSES: Final = 151
MIDDLE: Final = 127.5


class StandIn:
    """The network, loaded."""

    def __init__(self, file: Path) -> None:
        """Raises ImportError where LiteRT is not installed, ValueError where the file is none of its kind."""
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(model_path=str(file), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]
        if self._output["shape"][-1] != CLASSES or self._input["dtype"] != np.float32:
            raise ValueError(f"{file.name} does not give {CLASSES} scores a pixel for a float picture")

    def probabilities(self, photo: RGB) -> NDArray[np.float32]:
        """h×w×151 of a photo (H×W×3): class 0 is anything else, 1–150 are ADE20K's.

        The photo lies in its own proportions in the upper left corner of the network's square, the rest is middle grey,
        as in DeepLab's training (`preprocess_image_and_label` in tensorflow/models/research/deeplab).
        """
        side = int(self._input["shape"][1])
        scale = side / max(photo.shape[:2])
        rows, columns = (max(1, round(length * scale)) for length in photo.shape[:2])
        square = np.full((side, side, 3), MIDDLE, dtype=np.float32)
        square[:rows, :columns] = cv2.resize(photo, (columns, rows), interpolation=cv2.INTER_AREA)
        self._interpreter.set_tensor(self._input["index"], (square / MIDDLE - 1)[None])
        self._interpreter.invoke()
        scores = self._interpreter.get_tensor(self._output["index"])[0, :rows:STRIDE, :columns:STRIDE]
        scores = np.exp(scores - scores.max(axis=2, keepdims=True))
        return np.asarray(scores / scores.sum(axis=2, keepdims=True), dtype=np.float32)

    def labels(self, photo: RGB) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """H×W ADE20K indices, `ade20k.UNKNOWN` for none of them, and H×W the probability, 0–1.

        Of the surface for parts of the building, of the class for things, as in roomnet's maps.
        """
        found = self.probabilities(photo)
        of_class = from_ade20k(np.arange(CLASSES - 1))
        best = found.argmax(axis=2)
        sure = found.max(axis=2)
        for surface in range(len(SURFACES) - 1):
            whole = found[..., 1:][..., of_class == surface].sum(axis=2)
            sure = np.where((best > 0) & (of_class[best - 1] == surface), whole, sure)
        names = np.where(best > 0, best - 1, ade20k.UNKNOWN).astype(np.uint8)
        size = photo.shape[1::-1]
        full = cv2.resize(names, size, interpolation=cv2.INTER_NEAREST_EXACT)
        return np.asarray(full, dtype=np.uint8), cv2.resize(sure, size, interpolation=cv2.INTER_LINEAR)

    def surfaces(self, photo: RGB) -> NDArray[np.uint8]:
        """H×W indices into SURFACES, UNLABELLED where the network is not SURE."""
        found = self.probabilities(photo)[..., 1:]
        of_class = from_ade20k(np.arange(CLASSES - 1))
        totals = np.stack([found[..., of_class == one].sum(axis=2) for one in range(len(SURFACES))], axis=2)
        full = cv2.resize(totals, photo.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        return np.where(full.max(axis=2) > SURE, full.argmax(axis=2), UNLABELLED).astype(np.uint8)


def load(root: Path) -> tuple[StandIn | None, str]:
    """The network of a folder of photos, and what can be said of it: its file's name, or why there is none."""
    file = next(iter(sorted(root.glob(f"weights/{PATTERN}"))), None)
    if file is None:
        return None, f"none: no weights/{PATTERN}"
    try:
        return StandIn(file), file.name
    except (ImportError, ValueError) as error:
        return None, f"none: {error}"
