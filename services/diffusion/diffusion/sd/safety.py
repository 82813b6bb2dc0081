"""The safety checker that Stable Diffusion was published with: whether a picture shows what should not leave.

It compares the CLIP embedding of a picture with those of 17 concepts, whose words its authors keep to themselves:
nudity and sex, hardly any violence (Rando et al., "Red-Teaming the Stable Diffusion Safety Filter", 2022).
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from transformers import CLIPImageProcessor

from diffusion.sd import checkpoints
from servicekit.errors import FailedPrecondition
from servicekit.imaging.arrays import RGB
from servicekit.inference.hardware import Hardware
from servicekit.weights import WeightStore

NAME: Final = "safety-checker"
"""The store's name."""
FOLDER: Final = "safety_checker"


class SafetyChecker:
    """Looks at results."""

    def __init__(self, checker: StableDiffusionSafetyChecker, hardware: Hardware) -> None:
        self._checker = checker
        self._hardware = hardware
        side: Any = checker.config.vision_config.image_size
        self._processor = CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side})

    @torch.inference_mode()
    def check(self, pictures: Sequence[RGB]) -> None:
        """Raises FailedPrecondition UNSAFE_RESULT where one of the pictures should not be shown."""
        pixels = self._processor(images=list(pictures), return_tensors="pt").pixel_values
        blank = np.zeros((len(pictures), 1, 1, 3), dtype=np.float32)  # what the checker would black out
        _blank, unsafe = self._checker(images=blank, clip_input=pixels.to(self._hardware.device, self._hardware.dtype))
        if any(unsafe):
            raise FailedPrecondition("UNSAFE_RESULT", "A picture did not pass the safety check; another seed may help.")


def load_safety_checker(store: WeightStore, hardware: Hardware) -> SafetyChecker:
    """The checker; raises WeightsMissing or WeightsCorrupt."""
    directory = store.path(NAME) / FOLDER
    return SafetyChecker(checkpoints.load_module(StableDiffusionSafetyChecker, directory, hardware), hardware)
