"""The tier `cpu` at full size with random weights, as files: the published configurations in the repositories' layouts.

Time and memory depend on shapes and not on what the weights say; what is seen and painted with these is noise. The
LoRA, which is fused at the start, touches one layer in place of all.
"""

import json
import tempfile
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import AutoencoderTiny, PNDMScheduler
from safetensors.torch import save_file
from torch import nn
from transformers import ConvNextConfig, UperNetConfig, UperNetForSemanticSegmentation

from diffusion.sd.options import Control
from servicekit.inference.hardware import Hardware
from servicekit.types import ade20k
from servicekit.weights import Manifest
from servicekit.weights.directory import DirectorySource
from servicekit.weights.pull import Puller
from tests.fixtures import tiny_diffusion, tiny_vision, tiny_yolo

from . import full_size_vision as vision
from .full_size import full_size

RANDOM: Final = 1 << 22
"""Numbers that are drawn: weights are these again and again, since drawing a billion takes minutes."""


def write_cpu_tier(directory: Path, *, tiny: bool = False, diffusion_alone: bool = False) -> None:
    """Fills a weights store with every model of the tier, 3.5 GB; `tiny` ones try a program out."""
    if tiny:
        tiny_vision.write_tiny_vision(directory)
        tiny_diffusion.write_tiny_diffusion(directory)
        return
    manifest = Manifest.shipped()
    services = ("diffusion",) if diffusion_alone else ("detection", "controlmaps", "diffusion")
    names = [entry.name for entry in manifest if "cpu" in entry.tiers and entry.service in services]
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory) as repositories:
        _write_diffusion(Path(repositories))
        if not diffusion_alone:
            _write_vision(Path(repositories))
        Puller(directory, DirectorySource(Path(repositories)), manifest=manifest).pull(names)


def _write_diffusion(directory: Path) -> None:
    made = full_size(Hardware(device=torch.device("meta"), dtype=torch.float16), (Control.DEPTH,))
    base = directory / "sd15"
    for name, module in (("unet", made.unet), ("vae", made.vae), ("text_encoder", made.text_encoder)):
        _filled(module, torch.float16).save_pretrained(base / name, variant="fp16")
    tiny_diffusion.write_tokenizer(base / "tokenizer")
    PNDMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True, steps_offset=1
    ).save_pretrained(base / "scheduler")
    net = _filled(made.controls[Control.DEPTH], torch.float16)
    net.save_pretrained(directory / "controlnet-depth", variant="fp16")
    AutoencoderTiny().save_pretrained(directory / "taesd")
    (directory / "lcm-lora").mkdir()
    layer = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    lora = {
        f"{layer}.lora_down.weight": torch.zeros(64, 768),
        f"{layer}.lora_up.weight": torch.zeros(320, 64),
        f"{layer}.alpha": torch.tensor(64.0),
    }
    save_file(lora, directory / "lcm-lora" / "pytorch_lora_weights.safetensors")


def _write_vision(directory: Path) -> None:
    for name in ("yolo11-nano", "sam2-tiny"):
        (directory / name).mkdir()
    tiny_yolo.write_yolo11(directory / "yolo11-nano" / "yolo11n-seg.pt", full_size=True)
    tiny_vision.write_sam2(directory / "sam2-tiny" / "sam2.1_hiera_tiny.pt", width=96, side=1024)
    nets: dict[str, Any] = {
        "depth-anything-small": vision.depth_anything(**vision.DEPTH_ANYTHING_SMALL),
        "upernet-tiny": upernet_tiny(),
    }
    for name, net in nets.items():
        net.save_pretrained(directory / name)
        (directory / name / "preprocessor_config.json").write_text(json.dumps(tiny_vision.IMAGENET))


def upernet_tiny() -> nn.Module:
    """UPerNet on ConvNeXt-T."""
    backbone = ConvNextConfig(hidden_sizes=[96, 192, 384, 768], depths=[3, 3, 9, 3], **tiny_vision.STAGES)
    config = UperNetConfig(backbone_config=backbone, hidden_size=512, auxiliary_in_channels=384)
    config.id2label = dict(enumerate(ade20k.names()))
    return UperNetForSemanticSegmentation(config)


def _filled(module: Any, dtype: torch.dtype) -> Any:
    """On the host; norms as before training, everything else of a normal distribution."""
    numbers = torch.randn(RANDOM, generator=torch.Generator().manual_seed(3)) * 0.02
    module = module.to_empty(device="cpu").to(dtype)
    for name, parameter in module.named_parameters():
        if "norm" in name:
            parameter.data.fill_(1.0 if name.endswith("weight") else 0.0)
        else:
            repeats = -(-parameter.numel() // RANDOM)
            parameter.data.copy_(numbers.repeat(repeats)[: parameter.numel()].view(parameter.shape))
    for name, buffer in module.named_buffers():
        if name.endswith("position_ids"):
            buffer.copy_(torch.arange(buffer.shape[-1]))
    return module
