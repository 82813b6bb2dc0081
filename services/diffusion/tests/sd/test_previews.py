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
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from diffusion.sd import checkpoints, tensors
from diffusion.sd.letterbox import letterbox
from diffusion.sd.previews import HalfSizeTaesdPreviewDecoder, LinearPreviewDecoder, TaesdPreviewDecoder
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


def test_half_the_side_still_shows_what_the_whole_decoder_shows(taesd: AutoencoderTiny, rooms_folder: Path) -> None:
    photo = read_photo(rooms_folder / "photos" / "living_two_armchairs_mlperf_05.jpg")
    placed = letterbox(*photo.shape[:2], side=256).place(photo)
    with torch.inference_mode():
        latents = taesd.encode(tensors.signed(placed, HOST)).latents
    whole = tensors.rgb(TaesdPreviewDecoder(taesd).draw(latents)).astype(float)

    def difference(drawn: torch.Tensor) -> float:
        assert drawn.shape == (3, *placed.shape[:2])
        return float(np.sqrt(np.mean((tensors.rgb(drawn) - whole) ** 2)))

    half = difference(HalfSizeTaesdPreviewDecoder(taesd).draw(latents))
    pooled = TaesdPreviewDecoder(taesd).draw(F.avg_pool2d(latents, 2))[None]
    # closer than the two cheaper ways
    assert half < 0.8 * difference(F.interpolate(pooled, scale_factor=2, mode="bicubic")[0])
    assert half < 0.8 * difference(LinearPreviewDecoder().draw(latents))


def test_half_the_side_spares_most_of_the_work(taesd: AutoencoderTiny) -> None:
    latents = torch.zeros(1, 4, 16, 24)
    counted = []
    for decoder in (TaesdPreviewDecoder(taesd), HalfSizeTaesdPreviewDecoder(taesd)):
        with FlopCounterMode(display=False) as counter:
            decoder.draw(latents)
        counted.append(counter.get_total_flops())
    assert 0 < counted[1] < 0.35 * counted[0]
