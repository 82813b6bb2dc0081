"""A published network's answer in the place of labels, for photos that have none.

DeepLabV3 on MobileNetV2, trained on ADE20K's 150 classes, in TensorFlow Lite's format (Chen et al., "Rethinking atrous
convolution", 2017; Sandler et al., 2018). It judges; nothing is trained on what it says. Its file is not part of this
repository: `MODOMO_ROOMS` names the folder that has it in `weights/`.
"""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from tools.eval_rooms.ground_truth import SURFACES, UNLABELLED, from_ade20k

FILE: Final = "weights/lite-model_deeplabv3-mobilenetv2-ade20k_1_default_1.tflite"
"""Below the folder of rooms."""

SURE: Final = 0.8
"""Where it is less sure than this of the surface, it stands in for nothing."""

_SIDE: Final = 513
_MIDDLE: Final = 127.5
_CLASSES: Final = 151
"""ADE20K's 150 classes after "none of them"."""


class StandIn:
    """The network, loaded."""

    def __init__(self, rooms: Path) -> None:
        """Raises FileNotFoundError where the folder has not got it, ValueError where the file holds another network."""
        file = rooms / FILE
        if not file.is_file():
            raise FileNotFoundError(f"{file} is missing: no photo without labels can be judged")
        self._network = Interpreter(str(file), num_threads=1)
        self._network.allocate_tensors()
        (inlet,), (outlet,) = self._network.get_input_details(), self._network.get_output_details()
        if tuple(inlet["shape"]) != (1, _SIDE, _SIDE, 3) or outlet["shape"][-1] != _CLASSES:
            raise ValueError(f"{file} takes {inlet['shape']} and gives {outlet['shape']}: not DeepLab for ADE20K")
        self._inlet, self._outlet = int(inlet["index"]), int(outlet["index"])
        self._surfaces = from_ade20k(np.arange(_CLASSES - 1))

    def surfaces(self, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Indices into SURFACES for H×W×3 sRGB, UNLABELLED where it is not sure.

        The photo is fitted into the square that the network takes and the rest filled with grey, as in its training.
        """
        height, width = photo.shape[:2]
        scale = _SIDE / max(height, width)
        rows, columns = round(height * scale), round(width * scale)
        square = np.full((_SIDE, _SIDE, 3), _MIDDLE, np.float32)
        square[:rows, :columns] = cv2.resize(photo, (columns, rows), interpolation=cv2.INTER_AREA)
        self._network.set_tensor(self._inlet, (square / _MIDDLE - 1)[None])
        self._network.invoke()
        logits = self._network.get_tensor(self._outlet)[0, :rows, :columns]
        chances = np.exp(logits - logits.max(axis=2, keepdims=True))
        chances /= chances.sum(axis=2, keepdims=True)
        merged = np.stack([chances[..., 1:][..., self._surfaces == one].sum(axis=2) for one in range(len(SURFACES))], 2)
        full = cv2.resize(merged.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
        return np.where(full.max(axis=2) > SURE, full.argmax(axis=2), UNLABELLED).astype(np.uint8)
