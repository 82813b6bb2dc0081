"""Depth from pixels: DPT (Ranftl et al., "Vision Transformers for Dense Prediction", 2021) or Depth Anything V2
(Yang et al., 2024). Both give inverse depth up to scale and shift."""

from pathlib import Path
from typing import Final

from torch import Tensor, nn
from transformers import AutoModelForDepthEstimation

from controlmaps.engine.torch_pixels import Normalisation
from servicekit.inference import pretrained
from servicekit.inference.hardware import Hardware

UNUSED: Final = (r"^neck\.fusion_stage\.layers\.0\.residual_layer1\.",)
"""The first fusion has nothing to fuse, so DPT's published file lacks the layer that would."""


class DepthNetwork(nn.Module):
    """B×H×W×3 uint8 pixels to B×H×W inverse depth; see controlmaps.engine.tasks."""

    def __init__(self, normalisation: Normalisation, model: nn.Module) -> None:
        super().__init__()
        self.normalisation = normalisation
        self.model = model

    def forward(self, pixels: Tensor) -> Tensor:
        """Near is large."""
        depth: Tensor = self.model(pixel_values=self.normalisation(pixels)).predicted_depth
        return depth.float()


def build(directory: Path, hardware: Hardware) -> DepthNetwork:
    """The network; raises WeightsCorrupt."""
    model = pretrained.load(AutoModelForDepthEstimation, directory, hardware, unused=UNUSED)
    return DepthNetwork(Normalisation.of(directory, hardware), model)
