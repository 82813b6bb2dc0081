"""Stable Diffusion 1.5 in miniature: the same classes, the same files, random weights, a few hundred kilobytes.

`write_tiny_diffusion(directory)` fills a weights store that the real loading code reads: text encoder, tokenizer,
UNet, autoencoder, scheduler, four ControlNets, TAESD and two LoRAs, pulled by the real puller from files named as in
the repositories. Working size is 64 pixels instead of 512. `python -m servicekit.testing.tiny_diffusion DIRECTORY`
does the same from a shell.
"""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderTiny,
    ControlNetModel,
    PNDMScheduler,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

from servicekit.weights import Manifest
from servicekit.weights.directory import DirectorySource
from servicekit.weights.pull import Puller

TEXT_WIDTH: Final = 32
LATENT_SIDE: Final = 8
"""Latents of the working size; 64 pixels."""

BLOCKS: Final[Mapping[str, Any]] = {
    "block_out_channels": (16, 32, 32),
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "cross_attention_dim": TEXT_WIDTH,
    "attention_head_dim": 2,
    "down_block_types": ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
}
AUTOENCODER: Final[Mapping[str, Any]] = {
    "block_out_channels": (8, 8, 16, 16),
    "norm_num_groups": 4,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "latent_channels": 4,
    "sample_size": LATENT_SIDE * 8,
}
CONTROLNETS: Final = ("depth", "canny", "segmentation", "inpaint")
START: Final = "<|startoftext|>"
END: Final = "<|endoftext|>"


def write_tiny_diffusion(directory: Path) -> None:
    """Fills a weights store; the same weights every time."""
    manifest = Manifest.shipped()
    names = [entry.name for entry in manifest if entry.service == "diffusion"]
    with tempfile.TemporaryDirectory() as repositories, torch.random.fork_rng(devices=[]):
        torch.manual_seed(20)
        _write_repositories(Path(repositories))
        Puller(directory, DirectorySource(Path(repositories)), manifest=manifest).pull(names)


def _write_repositories(directory: Path) -> None:
    _write_base(directory / "sd15")
    for kind in CONTROLNETS:
        controlnet().half().save_pretrained(directory / f"controlnet-{kind}", variant="fp16")
    tiny_autoencoder().save_pretrained(directory / "taesd")
    for name, filename, tensors in (
        ("hyper-sd", "Hyper-SD15-8steps-CFG-lora.safetensors", peft_lora()),
        ("lcm-lora", "pytorch_lora_weights.safetensors", kohya_lora()),
    ):
        (directory / name).mkdir()
        save_file(tensors, directory / name / filename)


def _write_base(directory: Path) -> None:
    unet().half().save_pretrained(directory / "unet", variant="fp16")
    AutoencoderKL(**AUTOENCODER).half().save_pretrained(directory / "vae", variant="fp16")
    vocabulary_size = write_tokenizer(directory / "tokenizer")
    encoder = text_encoder(vocabulary_size)
    torch.nn.Module.half(encoder)
    encoder.save_pretrained(directory / "text_encoder", variant="fp16")
    PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        skip_prk_steps=True,
        set_alpha_to_one=False,
        steps_offset=1,
    ).save_pretrained(directory / "scheduler")


def unet() -> UNet2DConditionModel:
    """A UNet with two downsamplings, random weights."""
    return UNet2DConditionModel(
        sample_size=LATENT_SIDE, up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"), **BLOCKS
    )


def controlnet() -> ControlNetModel:
    """A ControlNet for that UNet; its zero convolutions are not zero, as after training."""
    net = ControlNetModel(conditioning_embedding_out_channels=(4, 8, 8, 16), **BLOCKS)
    zeroed = [net.controlnet_down_blocks, net.controlnet_mid_block, net.controlnet_cond_embedding.conv_out]
    for parameter in (parameter for module in zeroed for parameter in module.parameters()):
        torch.nn.init.normal_(parameter, std=0.1)
    return net


def text_encoder(vocabulary_size: int) -> CLIPTextModel:
    """A CLIP text encoder with 77 positions."""
    config = CLIPTextConfig(
        vocab_size=vocabulary_size,
        hidden_size=TEXT_WIDTH,
        intermediate_size=64,
        projection_dim=TEXT_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=77,
        bos_token_id=vocabulary_size - 2,
        eos_token_id=vocabulary_size - 1,
        pad_token_id=1,
    )
    return CLIPTextModel(config)


def tiny_autoencoder() -> AutoencoderTiny:
    """TAESD's class with a quarter of a quarter of its layers."""
    return AutoencoderTiny(
        encoder_block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 8, 8, 8),
        num_encoder_blocks=(1, 1, 1, 1),
        num_decoder_blocks=(1, 1, 1, 1),
    )


def kohya_lora(*, rank: int = 2, input_width: int = TEXT_WIDTH) -> dict[str, torch.Tensor]:
    """A LoRA of one attention projection, with kohya-ss' key names; `input_width` is that of the text encoder."""
    name = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    return {
        f"{name}.lora_down.weight": torch.randn(rank, input_width),
        f"{name}.lora_up.weight": torch.randn(16, rank),
        f"{name}.alpha": torch.tensor(float(rank)),
    }


def peft_lora(*, rank: int = 2) -> dict[str, torch.Tensor]:
    """A LoRA of one attention projection and one convolution, with diffusers' key names."""
    attention = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
    convolution = "unet.down_blocks.0.resnets.0.conv1"
    return {
        f"{attention}.lora_A.weight": torch.randn(rank, 16),
        f"{attention}.lora_B.weight": torch.randn(16, rank),
        f"{convolution}.lora_A.weight": torch.randn(rank, 16, 3, 3) / 4,
        f"{convolution}.lora_B.weight": torch.randn(16, rank, 1, 1) / 4,
    }


def write_tokenizer(directory: Path) -> int:
    """A byte-level BPE vocabulary in CLIP's two files, with a handful of merges; returns its size."""
    directory.mkdir(parents=True)
    symbols = _byte_symbols()
    merges = [("r", "o"), ("ro", "o"), ("roo", "m</w>"), ("o", "a"), ("oa", "k</w>"), ("t", "h"), ("th", "e</w>")]
    words = [*symbols, *(f"{symbol}</w>" for symbol in symbols), *("".join(pair) for pair in merges), START, END]
    vocabulary = {word: index for index, word in enumerate(words)}
    (directory / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (directory / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END}
    (directory / "special_tokens_map.json").write_text(json.dumps(special), encoding="utf-8")
    settings = {**special, "model_max_length": 77, "tokenizer_class": "CLIPTokenizer", "do_lower_case": True}
    (directory / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return len(vocabulary)


def _byte_symbols() -> list[str]:
    """GPT-2's printable stand-in for every byte: itself where printable, else a character from U+0100 on."""
    printable = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in sorted(printable)] + [chr(256 + position) for position in range(len(others))]


if __name__ == "__main__":
    write_tiny_diffusion(Path(sys.argv[1]))
