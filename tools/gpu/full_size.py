"""Stable Diffusion 1.5 at full size with random weights: the published configurations, made where they are to run.

Time and memory depend on shapes and not on what the weights say; pictures made with these are noise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, ControlNetModel, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from diffusion.sd.options import Control
from servicekit.inference.hardware import Hardware
from tests.fixtures import tiny_diffusion as tiny

_BLOCKS = {
    "block_out_channels": (320, 640, 1280, 1280),
    "layers_per_block": 2,
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
}
SCHEDULER: Mapping[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "prediction_type": "epsilon",
}


@dataclass(frozen=True, kw_only=True)
class RandomModels:
    """Every model of the service."""

    text_encoder: Any
    unet: Any
    vae: Any
    controls: Mapping[Control, Any]
    taesd: Any

    def named(self) -> dict[str, nn.Module]:
        """By what people call them."""
        nets = {f"ControlNet {control}": net for control, net in self.controls.items()}
        return {"text encoder": self.text_encoder, "UNet": self.unet, "VAE": self.vae, **nets, "TAESD": self.taesd}


def full_size(hardware: Hardware, controls: tuple[Control, ...] = tuple(Control)) -> RandomModels:
    """Made on the device, in its precision; on `meta` they have shapes alone."""
    with hardware.device:
        made = RandomModels(
            text_encoder=CLIPTextModel(
                CLIPTextConfig(
                    vocab_size=49408,
                    hidden_size=768,
                    intermediate_size=3072,
                    projection_dim=768,
                    num_hidden_layers=12,
                    num_attention_heads=12,
                    max_position_embeddings=77,
                )
            ),
            unet=UNet2DConditionModel(
                sample_size=64, up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3, **_BLOCKS
            ),
            vae=AutoencoderKL(
                block_out_channels=(128, 256, 512, 512),
                layers_per_block=2,
                down_block_types=("DownEncoderBlock2D",) * 4,
                up_block_types=("UpDecoderBlock2D",) * 4,
                latent_channels=4,
                sample_size=512,
            ),
            controls={control: ControlNetModel(**_BLOCKS) for control in controls},
            taesd=AutoencoderTiny(),
        )
    return _ready(made, hardware)


def tiny_size(hardware: Hardware, controls: tuple[Control, ...] = tuple(Control)) -> RandomModels:
    """The tiny models, to try a measurement out."""
    with hardware.device:
        made = RandomModels(
            text_encoder=tiny.text_encoder(521),
            unet=tiny.unet(),
            vae=AutoencoderKL(**tiny.AUTOENCODER),
            controls={control: tiny.controlnet() for control in controls},
            taesd=tiny.tiny_autoencoder(),
        )
    return _ready(made, hardware)


def tokenizer(directory: Path) -> CLIPTokenizer:
    """A small vocabulary: its tokens are tokens of the full one too, though they mean other words."""
    tiny.write_tokenizer(directory)
    read: CLIPTokenizer = CLIPTokenizer.from_pretrained(directory, local_files_only=True)
    return read


def _ready(models: RandomModels, hardware: Hardware) -> RandomModels:
    for module in models.named().values():
        module.eval().requires_grad_(False)
        nn.Module.to(module, hardware.dtype)
        module.to(memory_format=torch.channels_last)
    return models
