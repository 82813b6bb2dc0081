"""The vision models in miniature: the same classes, the same files, random weights, a few megabytes.

`write_tiny_vision(directory)` fills a weights store that the real loading code reads, pulled by the real puller from
files named as in the repositories. Working sizes are the real ones, so that everything around the models is too.
`python -m servicekit.testing.tiny_vision DIRECTORY` does the same from a shell.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import torch
from transformers import (
    ConvNextConfig,
    DepthAnythingConfig,
    DepthAnythingForDepthEstimation,
    Dinov2Config,
    DPTConfig,
    DPTForDepthEstimation,
    GemmaTokenizer,
    PreTrainedModel,
    Sam2Config,
    Sam2HieraDetConfig,
    Sam2MaskDecoderConfig,
    Sam2Model,
    Sam2PromptEncoderConfig,
    Sam2VisionConfig,
    SiglipConfig,
    SiglipModel,
    UperNetConfig,
    UperNetForSemanticSegmentation,
)
from transformers.utils import logging as transformers_logging

from servicekit import ade20k
from servicekit.testing.tiny_yolo import write_yolo11, write_yoloe
from servicekit.weights import Manifest
from servicekit.weights.directory import DirectorySource
from servicekit.weights.pull import Puller

NAMES: Final = ("yoloe", "yolo11", "sam2", "siglip2", "dpt", "depth-anything-small", "upernet")
IMAGENET: Final = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
HALVES: Final = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
STAGES: Final[dict[str, Any]] = {"out_features": ["stage1", "stage2", "stage3", "stage4"]}

_LOGGING: Final[Any] = transformers_logging  # it has no type annotations


def write_tiny_vision(directory: Path) -> None:
    """Fills a weights store; the same weights every time."""
    _LOGGING.disable_progress_bar()
    _LOGGING.set_verbosity_error()
    with tempfile.TemporaryDirectory() as repositories, torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        _write_repositories(Path(repositories))
        Puller(directory, DirectorySource(Path(repositories)), manifest=Manifest.shipped()).pull(NAMES)


def _write_repositories(directory: Path) -> None:
    for name, write, filename in (
        ("yoloe", write_yoloe, "yoloe-11l-seg-pf.pt"),
        ("yolo11", write_yolo11, "yolo11m-seg.pt"),
    ):
        (directory / name).mkdir()
        write(directory / name / filename)
    _write(sam2(), directory / "sam2", IMAGENET)
    (directory / "sam2" / "processor_config.json").write_text(json.dumps({"processor_class": "Sam2Processor"}))
    _write(siglip(write_tokenizer(directory / "siglip2")), directory / "siglip2", HALVES)
    _write(dpt(), directory / "dpt", HALVES)
    _write(depth_anything(), directory / "depth-anything-small", IMAGENET)
    _write(upernet(), directory / "upernet", IMAGENET)


def _write(model: PreTrainedModel, directory: Path, processing: dict[str, list[float]]) -> None:
    model.save_pretrained(directory)
    (directory / "preprocessor_config.json").write_text(json.dumps({"rescale_factor": 1 / 255, **processing}))


def write_tokenizer(directory: Path) -> int:
    """A tokenizer that knows letters, not words; returns the size of its vocabulary."""
    symbols = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *"abcdefghijklmnopqrstuvwxyz,.-'"]
    tokenizer: Any = GemmaTokenizer(vocab={symbol: index for index, symbol in enumerate(symbols)}, merges=[])
    tokenizer.save_pretrained(directory)
    return len(symbols)


def siglip(vocabulary_size: int) -> SiglipModel:
    """Two towers of two layers; 224 pixels."""
    tower = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    ends = {"projection_size": 32, "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0}
    model = SiglipModel(
        SiglipConfig(
            text_config={**tower, "vocab_size": vocabulary_size, "max_position_embeddings": 64, **ends},
            vision_config={**tower, "image_size": 224, "patch_size": 32},
        )
    )
    torch.nn.init.constant_(model.logit_scale, 3.0)
    return model


def dpt() -> DPTForDepthEstimation:
    """DPT on a plain vision transformer; 384 pixels."""
    return DPTForDepthEstimation(
        DPTConfig(
            hidden_size=32,
            num_hidden_layers=4,
            num_attention_heads=2,
            intermediate_size=64,
            image_size=384,
            patch_size=16,
            backbone_out_indices=[0, 1, 2, 3],
            neck_hidden_sizes=[8, 8, 16, 16],
            fusion_hidden_size=16,
            is_hybrid=False,
        )
    )


def depth_anything() -> DepthAnythingForDepthEstimation:
    """Depth Anything on DINOv2; any multiple of 14 pixels."""
    backbone = Dinov2Config(
        hidden_size=32,
        num_hidden_layers=4,
        num_attention_heads=2,
        mlp_ratio=2,
        image_size=518,
        patch_size=14,
        **STAGES,
        reshape_hidden_states=False,
        apply_layernorm=True,
    )
    return DepthAnythingForDepthEstimation(
        DepthAnythingConfig(
            backbone_config=backbone,
            patch_size=14,
            reassemble_hidden_size=32,
            neck_hidden_sizes=[8, 8, 16, 16],
            fusion_hidden_size=16,
            head_hidden_size=8,
        )
    )


def upernet() -> UperNetForSemanticSegmentation:
    """UPerNet on ConvNeXt with ADE20K's 150 classes."""
    backbone = ConvNextConfig(hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1], **STAGES)
    names = dict(enumerate(ade20k.names()))
    config = UperNetConfig(
        backbone_config=backbone,
        hidden_size=16,
        pool_scales=[1, 2],
        auxiliary_in_channels=16,
        auxiliary_channels=8,
        auxiliary_num_convs=1,
        id2label=names,
        label2id={name: index for index, name in names.items()},
    )
    return UperNetForSemanticSegmentation(config)


def sam2() -> Sam2Model:
    """SAM 2.1 with one block a stage; 256 pixels instead of 1024."""
    backbone = Sam2HieraDetConfig(
        hidden_size=8,
        num_attention_heads=1,
        image_size=[256, 256],
        blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[8, 16, 32, 64],
        num_attention_heads_per_stage=[1, 1, 1, 1],
        window_size_per_stage=[8, 4, 8, 4],
        window_positional_embedding_background_size=[4, 4],
        global_attention_blocks=[3],
    )
    vision = Sam2VisionConfig(
        backbone_config=backbone,
        backbone_channel_list=[64, 32, 16, 8],
        backbone_feature_sizes=[[64, 64], [32, 32], [16, 16]],
        fpn_hidden_size=32,
    )
    decoder = Sam2MaskDecoderConfig(
        hidden_size=32, mlp_dim=32, num_hidden_layers=2, num_attention_heads=2, iou_head_hidden_dim=32
    )
    prompts = Sam2PromptEncoderConfig(hidden_size=32, image_size=256, patch_size=16)
    return Sam2Model(Sam2Config(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder))


if __name__ == "__main__":
    write_tiny_vision(Path(sys.argv[1]))
