"""Ultralytics' checkpoints in miniature, written by Ultralytics' own classes as `.pt` files.

Random weights find things in any picture: what, where and how surely is chance, but the same every time.
"""

import os
import tempfile
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("YOLO_CONFIG_DIR", tempfile.mkdtemp(prefix="modomo-tiny-yolo-"))
os.environ |= {"ULTRALYTICS_SAFE_LOAD": "true", "YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false"}
os.environ |= {"YOLO_VERBOSE": "false"}

import torch
from PIL import Image

_open = Image.open

from ultralytics.nn import tasks  # noqa: E402 - after what it replaces is known
from ultralytics.nn.autobackend import default_class_names  # noqa: E402
from ultralytics.utils import DEFAULT_CFG_DICT  # noqa: E402

Image.open = _open  # the package's own, put in its place for the whole process, installs software on a broken file

OPEN_VOCABULARY: Final = ("couch", "coffee table", "floor lamp", "potted plant", "window", "person", "sky")
"""The last two are nothing that we look for."""

TASKS: Final[Any] = tasks  # it has no type annotations


def write_yoloe(file: Path) -> None:
    """A prompt-free YOLOE-11 checkpoint: its vocabulary is part of it, as in the published ones."""
    model = prompt_free(_configuration("yoloe-11n-seg.yaml", classes=1), dict(enumerate(OPEN_VOCABULARY)))
    torch.save({"model": model, "train_args": {}}, file)


def prompt_free(configuration: str | dict[str, Any], names: dict[int, str]) -> Any:  # noqa: ANN401 - Ultralytics has no types
    """A YOLOE model that was given its vocabulary once and for all."""
    model = TASKS.YOLOESegModel(configuration, nc=1, verbose=False)
    model.args = {**DEFAULT_CFG_DICT, "imgsz": 64}
    model.task = "segment"
    model.pe = torch.randn(1, 1, 512)
    _settle(model)
    head = model.model[-1]
    head.fuse(model.pe)
    vocabulary = torch.nn.ModuleList(torch.nn.Conv2d(branch[-1].in_channels, len(names), 1) for branch in head.cv3)
    for layer in vocabulary:
        _randomise(layer)
    model.set_vocab(vocabulary, names)
    for proposal in head.lrpc:
        torch.nn.init.zeros_(proposal.pf.bias)
    return model


def write_yolo11(file: Path, *, boxes_only: bool = False) -> None:
    """A YOLO11 checkpoint with COCO's 80 classes, for segmentation or for boxes alone."""
    if boxes_only:
        model = TASKS.DetectionModel(_configuration("yolo11n.yaml", classes=80), verbose=False)
        model.task = "detect"
    else:
        model = TASKS.SegmentationModel(_configuration("yolo11n-seg.yaml", classes=80), verbose=False)
        model.task = "segment"
    model.args = dict(DEFAULT_CFG_DICT)
    model.names = default_class_names("coco8.yaml")
    _settle(model)
    for branch in model.model[-1].cv3:
        _randomise(branch[-1])
    torch.save({"model": model, "train_args": {}}, file)


def _configuration(name: str, *, classes: int) -> dict[str, Any]:
    """An architecture's own description at a scale far below its smallest."""
    return {**TASKS.yaml_model_load(name), "scales": {"n": [0.25, 0.0625, 128]}, "scale": "n", "nc": classes}


def _settle(model: torch.nn.Module) -> None:
    """Takes normalisation statistics from one noisy picture, without which random features hardly differ in place."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    noise = torch.nn.functional.interpolate(torch.rand(2, 3, 32, 32), size=(256, 256), mode="bilinear")
    with torch.no_grad():
        model.train()(noise)
    model.eval()


def _randomise(classifier: Any) -> None:  # noqa: ANN401 - torch types the children of a module as tensors, too
    torch.nn.init.normal_(classifier.weight, std=0.03)
    torch.nn.init.constant_(classifier.bias, -1.0)
