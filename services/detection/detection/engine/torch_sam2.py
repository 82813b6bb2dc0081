"""SAM 2.1: the photo is encoded once, then all boxes at once.

Ravi et al., "SAM 2: Segment Anything in Images and Videos" (2024), in transformers' form, whose weights are
safetensors.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from transformers import Sam2Model

from detection.domain import Box
from servicekit.imaging.arrays import RGB, Mask
from servicekit.inference import pretrained
from servicekit.inference.hardware import Hardware
from servicekit.weights import WeightsCorrupt


class Sam2:
    """Turns boxes into masks."""

    def __init__(self, directory: Path, hardware: Hardware) -> None:
        """Raises WeightsCorrupt."""
        self._model = pretrained.load(Sam2Model, directory, hardware)
        self._hardware = hardware
        configuration: Any = self._model.config
        self._side = int(configuration.vision_config.backbone_config.image_size[0])
        processing = pretrained.settings_of(directory, "preprocessor_config.json")
        try:
            mean, std = (torch.tensor(processing[key]).view(3, 1, 1) for key in ("image_mean", "image_std"))
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise WeightsCorrupt(
                f"{directory}/preprocessor_config.json: image_mean or image_std is unusable"
            ) from error
        self._mean, self._std = mean.to(hardware.device), std.to(hardware.device)

    @torch.inference_mode()
    def masks(self, photo: RGB, boxes: Sequence[Box]) -> Iterator[Mask]:
        """One mask of the photo's size a box, in their order; uncleaned, and none where there is no box."""
        if not boxes:
            return
        embeddings = self._model.get_image_embeddings(self._pixels(photo))
        height, width = photo.shape[:2]
        scale = (self._side / width, self._side / height)
        corners = torch.tensor([[_scaled(box, scale) for box in boxes]], device=self._hardware.device)
        found = self._model(
            image_embeddings=embeddings, input_boxes=corners.to(self._hardware.dtype), multimask_output=False
        )
        logits = found.pred_masks[0, :, 0].float().cpu().numpy()
        del embeddings, found
        for one in logits:
            # enlarged one by one: all of them at the size of a large photo would not fit
            yield cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) > 0

    def _pixels(self, photo: RGB) -> torch.Tensor:
        """Squeezed to the model's square without regard to proportions, as SAM 2 was trained."""
        shrinks = max(photo.shape[:2]) > self._side
        square = cv2.resize(
            photo, (self._side, self._side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )
        pixels = torch.from_numpy(np.ascontiguousarray(square)).to(self._hardware.device).permute(2, 0, 1)
        return ((pixels / 255 - self._mean) / self._std).unsqueeze(0).to(self._hardware.dtype)


def _scaled(box: Box, scale: tuple[float, float]) -> list[float]:
    across, down = scale
    return [box.left * across, box.top * down, box.right * across, box.bottom * down]
