"""From a photo's bytes to what a network takes."""

from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn

from servicekit.inference import pretrained
from servicekit.inference.hardware import Hardware
from servicekit.weights import WeightsCorrupt


class Normalisation(nn.Module):
    """B×H×W×3 uint8 to B×3×H×W of the network's precision, normalised as in its training."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Tensor, std: Tensor, dtype: torch.dtype) -> None:
        super().__init__()
        self.register_buffer("mean", mean.view(1, 3, 1, 1))
        self.register_buffer("std", std.view(1, 3, 1, 1))
        self.dtype = dtype

    @classmethod
    def of(cls, directory: Path, hardware: Hardware) -> Self:
        """As the checkpoint's `preprocessor_config.json` says; raises WeightsCorrupt."""
        processing = pretrained.settings_of(directory, "preprocessor_config.json")
        try:
            mean, std = (torch.tensor(processing[key], dtype=torch.float32) for key in ("image_mean", "image_std"))
            return cls(mean, std, hardware.dtype).to(hardware.device)
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise WeightsCorrupt(
                f"{directory}/preprocessor_config.json: image_mean or image_std is unusable"
            ) from error

    def forward(self, pixels: Tensor) -> Tensor:
        """Normalises."""
        return ((pixels.permute(0, 3, 1, 2).float() / 255 - self.mean) / self.std).to(self.dtype)
