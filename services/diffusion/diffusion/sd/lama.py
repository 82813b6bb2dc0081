"""Fills what is taken out of a photo, by LaMa: the floor and the wall go on where a thing stood.

Suvorov et al., "Resolution-robust Large Mask Inpainting with Fourier Convolutions" (WACV 2022), as the ONNX file that
Carve publishes: inputs `image`, 1×3×512×512 float32 RGB in [0, 1], and `mask`, 1×1×512×512 float32, 1 where it fills;
one output, 1×3×512×512 float32 RGB in [0, 255]. It runs on the processor, once a photo.
"""

from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import onnxruntime

from servicekit.imaging.arrays import RGB, Mask
from servicekit.weights import WeightsCorrupt, WeightStore

NAME: Final = "lama"
"""The store's name."""
FILE: Final = "lama_fp32.onnx"
SIDE: Final = 512
"""Of the square that the graph takes, in pixels."""
_INPUTS: Final = {"image": [3, SIDE, SIDE], "mask": [1, SIDE, SIDE]}
"""Shapes without the batch."""


class Lama:
    """The graph, loaded."""

    def __init__(self, file: Path) -> None:
        """Raises WeightsCorrupt where the file is no graph, or one with other inputs."""
        try:
            self._session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's own have no common class
            raise WeightsCorrupt(f"{file} is no graph that ONNX Runtime reads; pull {NAME} again") from error
        found = {one.name: list(one.shape[1:]) for one in self._session.get_inputs()}
        if found != _INPUTS:
            raise WeightsCorrupt(f"{file} takes {found} in place of {_INPUTS}; this is not the LaMa of {FILE}")

    def fill(self, photo: RGB, removed: Mask) -> RGB:
        """The photo, H×W×3 uint8, with other pixels where the mask (H×W) is set; all others are as they were.

        It is seen with its long side at 512 pixels: what is filled is soft in a larger photo.
        """
        height, width = removed.shape
        scale = SIDE / max(height, width)
        small = (max(1, round(width * scale)), max(1, round(height * scale)))
        seen = cv2.resize(photo, small, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        hole = cv2.resize(
            removed.astype(np.float32), small, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        )
        image = _square(seen.astype(np.float32) / 255.0).transpose(2, 0, 1)
        mask = _square((hole > 0).astype(np.float32))
        output: Any = self._session.run(None, {"image": image[None], "mask": mask[None, None]})[0]
        answer = np.clip(output[0].transpose(1, 2, 0), 0.0, 255.0)[: small[1], : small[0]]
        filled = np.rint(cv2.resize(answer, (width, height), interpolation=cv2.INTER_LINEAR)).astype(np.uint8)
        return np.where(removed[..., None], filled, photo)


def load_lama(store: WeightStore) -> Lama | None:
    """LaMa where the store has it, else None; raises WeightsCorrupt."""
    return Lama(store.file(NAME)) if store.has(NAME) else None


def _square(picture: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A picture of at most SIDE×SIDE, continued to the right and below by its reflection."""
    below, right = SIDE - picture.shape[0], SIDE - picture.shape[1]
    return np.asarray(cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_REFLECT))
