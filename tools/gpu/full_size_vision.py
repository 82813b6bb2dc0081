"""The vision models at full size, without weights: the published configurations on torch's `meta` device.

Configurations: each checkpoint's own `config.json` (named in servicekit/weights/manifest.toml), SAM 2.1's also
`sam2.1_hiera_s.yaml` of its reference implementation.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
from sam2.build_sam import build_sam2
from torch import nn
from transformers import (
    ConvNextConfig,
    DepthAnythingConfig,
    DepthAnythingForDepthEstimation,
    Dinov2Config,
    DPTConfig,
    DPTForDepthEstimation,
    SiglipConfig,
    SiglipModel,
    UperNetConfig,
    UperNetForSemanticSegmentation,
)

from detection.engine.torch_sam2 import CONFIGURATIONS
from servicekit.types import ade20k
from tests.fixtures import tiny_yolo
from tests.fixtures.tiny_vision import STAGES

YOLOE_NAMES: Final = 4585
"""Length of the vocabulary inside YOLOE's prompt-free checkpoints (Wang et al., "YOLOE", 2025)."""


def yoloe() -> nn.Module:
    """YOLOE-26L, prompt-free; made on the CPU, since Ultralytics runs a model to learn its strides."""
    model: nn.Module = tiny_yolo.prompt_free("yoloe-26l-seg.yaml", dict.fromkeys(range(YOLOE_NAMES), "name"))
    return model


def yolo11() -> nn.Module:
    """YOLO11l-seg."""
    model: nn.Module = tiny_yolo.TASKS.SegmentationModel("yolo11l-seg.yaml", verbose=False)
    return model


def sam2() -> nn.Module:
    """SAM 2.1 on Hiera-S; made on the CPU, since its constructor reads numbers out of tensors."""
    model: nn.Module = build_sam2(CONFIGURATIONS[16], None, device="cpu", hydra_overrides_extra=[])
    return model


def siglip2() -> nn.Module:
    """SigLIP 2 B/16 at 224 pixels, both towers."""
    tower = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
    ends = {"projection_size": 768, "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0}
    return SiglipModel(
        SiglipConfig(
            text_config={**tower, **ends, "vocab_size": 256_000, "max_position_embeddings": 64},
            vision_config={**tower, "image_size": 224, "patch_size": 16},
        )
    )


def siglip2_vision() -> nn.Module:
    """What stays of it after the prompts were encoded."""
    return siglip2().get_submodule("vision_model")


def dpt() -> nn.Module:
    """DPT-Large."""
    return DPTForDepthEstimation(
        DPTConfig(
            hidden_size=1024,
            num_hidden_layers=24,
            num_attention_heads=16,
            intermediate_size=4096,
            image_size=384,
            patch_size=16,
            backbone_out_indices=[5, 11, 17, 23],
            neck_hidden_sizes=[256, 512, 1024, 1024],
            fusion_hidden_size=256,
            is_hybrid=False,
        )
    )


DEPTH_ANYTHING_SMALL: Final[Mapping[str, Any]] = {"width": 384, "heads": 6, "neck": [48, 96, 192, 384], "fusion": 64}


def depth_anything(*, width: int, heads: int, neck: list[int], fusion: int) -> nn.Module:
    """Depth Anything V2 on DINOv2 with 12 layers."""
    backbone = Dinov2Config(
        hidden_size=width,
        num_attention_heads=heads,
        num_hidden_layers=12,
        image_size=518,
        patch_size=14,
        reshape_hidden_states=False,
        **STAGES,
    )
    return DepthAnythingForDepthEstimation(
        DepthAnythingConfig(
            backbone_config=backbone, reassemble_hidden_size=width, neck_hidden_sizes=neck, fusion_hidden_size=fusion
        )
    )


def upernet() -> nn.Module:
    """UPerNet on ConvNeXt-B, without the head that only helps in training."""
    backbone = ConvNextConfig(hidden_sizes=[128, 256, 512, 1024], depths=[3, 3, 27, 3], **STAGES)
    config = UperNetConfig(backbone_config=backbone, hidden_size=512, use_auxiliary_head=False)
    config.id2label = dict(enumerate(ade20k.names()))
    return UperNetForSemanticSegmentation(config)


MODELS: Final[Mapping[str, tuple[str, Callable[[], Any]]]] = {
    "YOLO11l-seg": ("detection", yolo11),
    "SAM 2.1 Hiera-S": ("detection", sam2),
    "SigLIP 2 B/16, picture tower": ("controlmaps", siglip2_vision),
    "DPT-Large": ("controlmaps", dpt),
    "UPerNet ConvNeXt-B": ("controlmaps", upernet),
}
"""Loaded together, by service."""

OTHERS: Final[Mapping[str, tuple[str, Callable[[], Any]]]] = {
    "YOLOE-26L, prompt-free": ("in place of YOLO11", yoloe),
    "Depth Anything V2 small": (
        "in place of DPT",
        lambda: depth_anything(**DEPTH_ANYTHING_SMALL),
    ),
    "SigLIP 2 B/16, both towers": ("while controlmaps starts", siglip2),
}
"""Loaded by setting, or for a moment."""


def parameters(build: Callable[[], nn.Module]) -> int:
    """Parameters of a model that is made on the `meta` device, where it takes no memory."""
    on_cpu = build in (yoloe, yolo11, sam2)
    with torch.device("cpu" if on_cpu else "meta"):
        return sum(parameter.numel() for parameter in build().parameters())
