"""The parts of the torch engine one by one: sizes, text, schedules, latents, previews."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch
from diffusers import AutoencoderTiny, StableDiffusionPipeline

from diffusion.domain import Maps
from diffusion.sd import checkpoints, pictures, schedulers
from diffusion.sd.control import ControlSchedule
from diffusion.sd.latents import repaint_mask
from diffusion.sd.options import Control
from diffusion.sd.previews import LinearPreviewDecoder, TaesdPreviewDecoder, preview_steps
from diffusion.sd.schedulers import Sampler
from diffusion.sd.sizes import MAX_STRETCH, canvas
from diffusion.sd.text import MAX_PIECES, TextEmbedder
from servicekit.inference import hardware
from servicekit.types import ade20k
from servicekit.weights import Manifest, WeightStore
from servicekit.weights.directory import DirectorySource
from servicekit.weights.pull import Puller
from tests.fixtures.rooms import read_photo

pytestmark = pytest.mark.slow  # loads torch and makes the tiny models

HOST = hardware.choose("cpu")


@given(st.integers(16, 9000), st.integers(16, 9000))
def test_a_canvas_holds_the_photo_unstretched(height: int, width: int) -> None:
    fitting = canvas(height, width, side=512)
    assert fitting.size[0] % 8 == fitting.size[1] % 8 == 0
    assert max(fitting.size) <= MAX_STRETCH * 512
    assert min(fitting.size) >= 64
    scale = min(512 / (height * width) ** 0.5, MAX_STRETCH * 512 / max(height, width))
    for length, drawn, whole in zip((height, width), fitting.content, fitting.size, strict=True):
        assert abs(drawn - length * scale) <= 0.5 or drawn == 1
        assert whole - drawn < 8 or whole == 64


@pytest.mark.parametrize("shape", [(64, 64), (300, 500), (90, 1000), (1024, 683)])
def test_a_picture_comes_back_from_the_canvas_where_it_was(shape: tuple[int, int]) -> None:
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    slope = np.stack([rows / shape[0], columns / shape[1], 0 * rows + 0.5], axis=2)
    picture = np.rint(255 * slope).astype(np.uint8)
    fitting = canvas(*shape, side=256)
    back = fitting.take(fitting.place(picture))
    assert back.shape == picture.shape
    assert np.abs(back.astype(int) - picture).max() <= 5


def test_a_region_on_the_canvas_never_takes_in_what_is_outside() -> None:
    fitting = canvas(200, 300, side=128)
    region = np.zeros((200, 300), dtype=np.bool_)
    region[51:149, 33:240] = True
    placed = fitting.place_region(region)
    scale = fitting.content[0] / 200
    rows, columns = np.nonzero(placed)
    assert rows.min() >= 51 * scale - 1e-6
    assert columns.max() + 1 <= 240 * scale + 1e-6
    assert placed.sum() > 0.9 * region.sum() * scale**2


def test_control_pictures_are_what_the_networks_were_trained_on() -> None:
    depth = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
    canny = np.zeros((64, 64), np.uint8)
    canny[:, 20] = 255
    labels = np.full((64, 64), ade20k.index("sofa"), np.uint8)
    labels[:8] = ade20k.UNKNOWN
    maps = Maps(depth=depth, canny=canny, segmentation=labels)
    shown = dict(pictures.control_pictures(maps, canvas(64, 64, side=64)))
    assert list(shown) == [Control.DEPTH, Control.SEGMENTATION, Control.CANNY]
    assert np.array_equal(shown[Control.DEPTH], np.repeat(depth[..., None], 3, axis=2))
    assert tuple(shown[Control.SEGMENTATION][40, 0]) == (0x0B, 0x66, 0xFF)
    assert not shown[Control.SEGMENTATION][:8].any()
    small = dict(pictures.control_pictures(maps, canvas(64, 64, side=32)))[Control.CANNY]
    assert set(np.unique(small)) == {0, 255}
    assert (small[..., 0] == 255).any(axis=1).all()


def test_the_inpainting_network_sees_minus_one_where_it_is_to_paint() -> None:
    picture = torch.rand(1, 3, 16, 16)
    keep = torch.zeros(1, 1, 16, 16)
    keep[..., :8, :] = 1
    shown = pictures.masked(picture, keep)
    assert torch.equal(shown[:, :, :8], picture[:, :, :8])
    assert (shown[:, :, 8:] == -1).all()


def test_a_latent_is_repainted_where_any_of_its_pixels_is() -> None:
    keep = torch.ones(1, 1, 16, 24)
    keep[0, 0, 3, 10] = 0
    assert repaint_mask(keep).tolist() == [[[[0, 1, 0], [0, 0, 0]]]]


@pytest.fixture(scope="module")
def base(tiny_diffusion: Path) -> checkpoints.Base:
    return checkpoints.load_base(WeightStore(tiny_diffusion), HOST)


@pytest.fixture
def embedder(base: checkpoints.Base) -> TextEmbedder:
    return TextEmbedder(base.tokenizer, base.text_encoder)


@pytest.mark.parametrize("prompt", ["", "a room with an oak floor", "x" * 75])
def test_short_prompts_are_embedded_as_the_stock_pipeline_does(
    base: checkpoints.Base, embedder: TextEmbedder, prompt: str
) -> None:
    pipeline = StableDiffusionPipeline(
        vae=base.vae,
        text_encoder=base.text_encoder,
        tokenizer=base.tokenizer,
        unet=base.unet,
        scheduler=None,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    expected = pipeline.encode_prompt(prompt, torch.device("cpu"), 1, True, negative_prompt="dark")
    made = embedder.embed(prompt, "dark")
    assert torch.allclose(made.positive, expected[0], atol=1e-6)
    assert torch.allclose(made.negative, expected[1], atol=1e-6)
    assert not made.truncated


def test_long_prompts_are_read_in_pieces_up_to_a_limit(embedder: TextEmbedder) -> None:
    one = embedder.embed("oak " * 75, "")
    two = embedder.embed("oak " * 76, "")
    many = embedder.embed("oak floor, " * 1000, "dark")
    assert one.positive.shape[1:] == (77, 32)
    assert two.positive.shape == two.negative.shape == (1, 2 * 77, 32)
    assert torch.allclose(two.positive[:, :77], one.positive, atol=1e-6)
    assert many.positive.shape == many.negative.shape == (1, MAX_PIECES * 77, 32)
    assert (two.truncated, many.truncated) == (False, True)


def test_an_embedding_is_made_once(embedder: TextEmbedder) -> None:
    first = embedder.embed("oak", "dark")
    assert embedder.embed("oak", "bright").positive is first.positive
    for number in range(100):
        embedder.embed(f"room {number}", "dark")
    again = embedder.embed("oak", "dark")
    assert again.negative is first.negative
    assert again.positive is not first.positive


@pytest.mark.parametrize("sampler", list(Sampler))
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_the_clean_estimate_of_a_perfect_prediction_is_the_original(
    base: checkpoints.Base, sampler: Sampler, prediction: str
) -> None:
    scheduler = schedulers.build(sampler, base.scheduler | {"prediction_type": prediction})
    timesteps = schedulers.schedule(scheduler, 10, 0.6, HOST.device)
    random = torch.Generator().manual_seed(0)
    original, noise = torch.randn(2, 1, 4, 8, 8, generator=random)
    noisy = scheduler.add_noise(original, noise, timesteps[:1])
    sample = scheduler.scale_model_input(noisy, timesteps[0])
    alpha = scheduler.alphas_cumprod[int(timesteps[0])]
    perfect = noise if prediction == "epsilon" else alpha.sqrt() * noise - (1 - alpha).sqrt() * original
    estimate = schedulers.clean_estimate(scheduler, sample, perfect, timesteps[0])
    assert (estimate - original).abs().max() < 0.05


@pytest.mark.parametrize(("strength", "expected"), [(1.0, 10), (0.75, 7), (0.31, 3), (0.01, 1)])
def test_a_strength_runs_its_share_of_the_schedule(base: checkpoints.Base, strength: float, expected: int) -> None:
    scheduler = schedulers.build(Sampler.UNIPC, base.scheduler)
    assert len(schedulers.schedule(scheduler, 10, strength, HOST.device)) == expected


def test_steering_follows_the_stock_rule() -> None:
    schedule = ControlSchedule(scale=1.0, start=0.2, end=0.5)
    assert [step for step in range(10) if schedule.active(step, 10)] == [2, 3, 4]
    assert not ControlSchedule(scale=0.0).active(0, 10)


@given(st.integers(1, 60), st.integers(0, 8))
def test_previews_are_spread_and_never_the_last_step(steps: int, wanted: int) -> None:
    chosen = preview_steps(steps, wanted)
    assert len(chosen) == min(wanted, steps - 1)
    assert chosen <= set(range(1, steps))


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


def test_both_viewers_show_the_room(taesd: AutoencoderTiny, rooms_folder: Path) -> None:
    photo = read_photo(rooms_folder / "photos" / "living_two_armchairs_mlperf_05.jpg")
    fitting = canvas(*photo.shape[:2], side=256)
    placed = fitting.place(photo)
    with torch.inference_mode():
        latents = taesd.encode(pictures.signed(placed, HOST)).latents
    expected = cv2.GaussianBlur(placed, (0, 0), 8).astype(int)
    for preview_decoder, most in ((TaesdPreviewDecoder(taesd), 3.0), (LinearPreviewDecoder(), 14.0)):
        drawn = pictures.rgb(preview_decoder.draw(latents))
        assert drawn.shape == placed.shape
        assert np.abs(cv2.GaussianBlur(drawn, (0, 0), 8).astype(int) - expected).mean() < most
