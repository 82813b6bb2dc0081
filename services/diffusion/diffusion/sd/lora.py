"""LoRAs, fused into a UNet of their own when the service starts: they cost a request nothing."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from diffusers import UNet2DConditionModel
from diffusers.loaders import StableDiffusionLoraLoaderMixin
from diffusers.utils.state_dict_utils import convert_unet_state_dict_to_peft
from safetensors import SafetensorError
from torch import Tensor, nn

from servicekit.weights import WeightsCorrupt

_PREFIX: Final = "unet."
_INPUT: Final = ".lora_A.weight"
_OUTPUT: Final = ".lora_B.weight"


def fuse_lora(unet: UNet2DConditionModel, file: Path) -> None:
    """Adds a LoRA of diffusers' or kohya-ss' format to the UNet's own weights.

    Raises WeightsCorrupt where it cannot be read, touches anything but a UNet, or was made for another one.
    """
    try:
        weights, alphas = StableDiffusionLoraLoaderMixin.lora_state_dict(
            str(file.parent), weight_name=file.name, use_safetensors=True, local_files_only=True
        )
        others = [key for key in weights if not key.startswith(_PREFIX)]
        own = convert_unet_state_dict_to_peft({key.removeprefix(_PREFIX): value for key, value in weights.items()})
    except (OSError, ValueError, KeyError, IndexError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:300]
        raise WeightsCorrupt(f"{file} cannot be loaded as a LoRA: {reason}") from error
    if others:
        raise WeightsCorrupt(f"{file} changes more than the UNet ({others[0]}); such a LoRA is not supported")
    problem = next(_misfits(unet, own), None)
    if problem is not None:
        raise WeightsCorrupt(f"{file} was made for another model: {problem}; take a LoRA for Stable Diffusion 1.5")
    unet.load_lora_adapter(weights, prefix=_PREFIX.removesuffix("."), network_alphas=alphas)
    unet.fuse_lora()
    unet.unload_lora()
    unet.requires_grad_(False)


def _misfits(unet: UNet2DConditionModel, weights: Mapping[str, Tensor]) -> Iterator[str]:
    """Every matrix that has no place in the UNet; one sentence where the LoRA is empty."""
    modules = dict(unet.named_modules())
    if not weights:
        yield "it has no weights"
    for key, matrix in weights.items():
        name = key.removesuffix(_INPUT).removesuffix(_OUTPUT)
        module = modules.get(name)
        if name == key:
            yield f"{key} is no LoRA matrix"
        elif not isinstance(module, nn.Linear | nn.Conv2d):
            yield f"the UNet has no layer {name}"
        else:
            side = 1 if key.endswith(_INPUT) else 0
            if matrix.shape[side] != module.weight.shape[side]:
                yield f"{name} is {module.weight.shape[side]} wide, the LoRA expects {matrix.shape[side]}"
