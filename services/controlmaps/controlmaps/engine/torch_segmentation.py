"""ADE20K's 150 classes from pixels, with UPerNet on ConvNeXt.

Xiao et al., "Unified Perceptual Parsing for Scene Understanding" (2018); Liu et al., "A ConvNet for the 2020s" (2022).
OpenMMLab's weights are under the MIT licence. SegFormer's, which many use here, are for non-commercial use only, and so
are Mask2Former's and OneFormer's in part; ControlNet's own examples use this model, too.
"""

from pathlib import Path

from torch import Tensor, nn
from transformers import UperNetForSemanticSegmentation

from controlmaps.engine.torch_pixels import Normalisation
from servicekit.inference import pretrained
from servicekit.inference.hardware import Hardware
from servicekit.types import ade20k
from servicekit.weights import WeightsCorrupt


class SegmentationNetwork(nn.Module):
    """B×H×W×3 uint8 pixels to B×H×W labels and confidence; see controlmaps.engine.tasks."""

    def __init__(self, normalisation: Normalisation, model: nn.Module) -> None:
        super().__init__()
        self.normalisation = normalisation
        self.model = model

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """The most probable label and its probability."""
        logits: Tensor = self.model(pixel_values=self.normalisation(pixels)).logits
        confidence, labels = logits.float().softmax(dim=1).max(dim=1)
        return labels.byte(), confidence


def build(directory: Path, hardware: Hardware) -> SegmentationNetwork:
    """The network; raises WeightsCorrupt, also where its classes are not ADE20K's."""
    model = pretrained.load(UperNetForSemanticSegmentation, directory, hardware)
    classes = int(model.config.num_labels or 0)
    if classes != ade20k.CLASSES:
        raise WeightsCorrupt(f"{directory} has {classes} classes instead of ADE20K's {ade20k.CLASSES}")
    model.auxiliary_head = None  # it only helps in training
    return SegmentationNetwork(Normalisation.of(directory, hardware), model)
