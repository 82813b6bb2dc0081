"""Detection on an NVIDIA Triton server that hosts the torch detector (deploy/triton/models/detection)."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detection.domain import Box, Candidate
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import EngineInfo, Model
from servicekit.inference.triton.client import TritonClient
from servicekit.inference.triton.names import lines_from_array, lines_to_array
from servicekit.types.objects import ObjectLabel

MODEL: Final = "detection"
INPUTS: Final = ("photo", "masks")
OUTPUTS: Final = ("labels", "confidences", "boxes")
MASKS: Final = "silhouettes"
"""Name of the masks among the outputs; asked for only where masks are wanted: 1×N×⌈H·W/8⌉ packed bits, rows joined."""


class TritonEngine:
    """The same candidates as the torch engine's, computed elsewhere."""

    def __init__(self, client: TritonClient) -> None:
        self._client = client
        self._models: tuple[Model, ...] = ()

    @property
    def info(self) -> EngineInfo:
        """Who this is, and what the server said that it runs."""
        return EngineInfo(name="triton", models=self._models)

    async def load(self) -> None:
        """Waits for the server's model and runs it once; raises SettingsError where it does not come up."""
        await self._client.shapes(MODEL)
        self._models = await self._client.warm_up(MODEL, _inputs(np.full((64, 64, 3), 128, dtype=np.uint8), masks=True))

    async def detect(self, photo: RGB, *, masks: bool) -> Sequence[Candidate]:
        """Objects of our vocabulary."""
        wanted = (*OUTPUTS, MASKS) if masks else OUTPUTS
        found = dict(zip(wanted, await self._client.infer(MODEL, _inputs(photo, masks=masks), wanted), strict=True))
        return unpacked({name: array[0] for name, array in found.items()}, shape=(photo.shape[0], photo.shape[1]))

    async def close(self) -> None:
        """Closes the connection."""
        await self._client.close()


def _inputs(photo: RGB, *, masks: bool) -> dict[str, NDArray[Any]]:
    return {"photo": photo[np.newaxis], "masks": np.array([[masks]], dtype=np.uint8)}


def packed(candidates: Sequence[Candidate], *, shape: tuple[int, int]) -> dict[str, NDArray[Any]]:
    """Candidates as the model's outputs, without the batch's axis; `shape` is the photo's height and width."""
    masks = [candidate.mask for candidate in candidates if candidate.mask is not None]
    width = (shape[0] * shape[1] + 7) // 8
    bits = [np.packbits(mask) for mask in masks]
    return {
        "labels": lines_to_array(candidate.label for candidate in candidates),
        "confidences": np.array([candidate.confidence for candidate in candidates], dtype=np.float32),
        "boxes": np.array(
            [[one.box.left, one.box.top, one.box.right, one.box.bottom] for one in candidates], dtype=np.float32
        ).reshape(-1, 4),
        MASKS: np.stack(bits) if bits else np.zeros((0, width), dtype=np.uint8),
    }


def unpacked(outputs: dict[str, NDArray[Any]], *, shape: tuple[int, int]) -> list[Candidate]:
    """Back from `packed`."""
    height, width = shape
    bits = outputs.get(MASKS)
    return [
        Candidate(
            label=ObjectLabel(label),
            confidence=float(confidence),
            box=Box(left=left, top=top, right=right, bottom=bottom),
            mask=None
            if bits is None
            else np.unpackbits(bits[index], count=height * width).reshape(height, width).astype(np.bool_),
        )
        for index, (label, confidence, (left, top, right, bottom)) in enumerate(
            zip(lines_from_array(outputs["labels"]), outputs["confidences"], outputs["boxes"].tolist(), strict=True)
        )
    ]
