"""What previews show of a room."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch
from diffusers import AutoencoderTiny

from diffusion.sd import checkpoints, tensors
from diffusion.sd.letterbox import letterbox
from diffusion.sd.previews import LinearPreviewDecoder, TaesdPreviewDecoder
from servicekit.inference import hardware
from servicekit.weights import Manifest, WeightStore
from servicekit.weights.directory import DirectorySource
from servicekit.weights.pull import Puller
from tests.fixtures.rooms import read_photo

pytestmark = pytest.mark.slow  # loads torch

HOST = hardware.choose("cpu")


@pytest.fixture
def taesd(rooms_folder: Path, tmp_path: Path) -> AutoencoderTiny:
    """The real TAESD, from a file whose weights are float8."""
    repository = tmp_path / "repositories" / "taesd"
    repository.mkdir(parents=True)
    (repository / "config.json").write_text(json.dumps({"_class_name": "AutoencoderTiny"}), "utf-8")
    weights = rooms_folder / "weights" / "taesd_sd15_fp8.safetensors"
    shutil.copyfile(weights, repository / "diffusion_pytorch_model.safetensors")
    Puller(tmp_path, DirectorySource(repository.parent), manifest=Manifest.shipped()).pull(["taesd"])
    return checkpoints.load_tiny_autoencoder(WeightStore(tmp_path), HOST)


def test_both_decoders_show_the_room(taesd: AutoencoderTiny, rooms_folder: Path) -> None:
    photo = read_photo(rooms_folder / "photos" / "living_two_armchairs_mlperf_05.jpg")
    fitting = letterbox(*photo.shape[:2], side=256)
    placed = fitting.place(photo)
    with torch.inference_mode():
        latents = taesd.encode(tensors.signed(placed, HOST)).latents
    expected = cv2.GaussianBlur(placed, (0, 0), 8).astype(int)
    for preview_decoder, most in ((TaesdPreviewDecoder(taesd), 3.0), (LinearPreviewDecoder(), 14.0)):
        drawn = tensors.rgb(preview_decoder.draw(latents))
        assert drawn.shape == placed.shape
        assert np.abs(cv2.GaussianBlur(drawn, (0, 0), 8).astype(int) - expected).mean() < most
