"""The image adapter beside the stock pipeline of diffusers, on tiny models with random weights."""

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from PIL import Image as Pillow
from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection

from diffusion.sd import checkpoints
from diffusion.sd.denoising import Denoising, denoise
from diffusion.sd.latents import InitialLatents
from diffusion.sd.style_adapter import NAME, SCALE, StyleAdapter, load_style_adapter
from diffusion.sd.text import Embeddings
from servicekit.inference import hardware
from servicekit.weights import WeightsCorrupt, WeightStore

pytestmark = pytest.mark.slow  # loads torch and makes the tiny models

CPU = hardware.choose("cpu")
LOOK = np.random.default_rng(7).integers(0, 255, (50, 80, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def base(tiny_diffusion: Path) -> checkpoints.Base:
    return checkpoints.load_base(WeightStore(tiny_diffusion), CPU)


@pytest.fixture(scope="module")
def adapter(tiny_diffusion: Path, base: checkpoints.Base) -> StyleAdapter:
    made = load_style_adapter(WeightStore(tiny_diffusion), [base.unet], CPU)
    assert made is not None
    return made


def stock(directory: Path, base: checkpoints.Base) -> StableDiffusionPipeline:
    """As diffusers' documentation tells to load it."""
    pipeline = StableDiffusionPipeline(
        vae=base.vae,
        text_encoder=base.text_encoder,
        tokenizer=base.tokenizer,
        unet=checkpoints.load_unet(WeightStore(directory), CPU),
        scheduler=DDIMScheduler.from_config(base.scheduler, clip_sample=False),
        safety_checker=None,
        feature_extractor=CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}),
        image_encoder=checkpoints.load_module(
            CLIPVisionModelWithProjection, directory / NAME / "models" / "image_encoder", CPU
        ),
        requires_safety_checker=False,
    )
    pipeline.load_ip_adapter(
        str(directory / NAME), subfolder="models", weight_name="ip-adapter_sd15.safetensors", image_encoder_folder=None
    )
    pipeline.set_ip_adapter_scale(SCALE)
    return pipeline


def test_four_guided_steps_are_the_stock_pipelines(
    tiny_diffusion: Path, base: checkpoints.Base, adapter: StyleAdapter
) -> None:
    pipeline = stock(tiny_diffusion, base)
    noise = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(3))
    positive, negative = (torch.randn((1, 77, 32), generator=torch.Generator().manual_seed(seed)) for seed in (4, 5))
    expected = pipeline(
        prompt_embeds=positive,
        negative_prompt_embeds=negative,
        ip_adapter_image=Pillow.fromarray(LOOK),
        latents=noise.clone(),
        guidance_scale=6.0,
        num_inference_steps=4,
        height=64,
        width=64,
        output_type="latent",
    ).images
    scheduler = DDIMScheduler.from_config(base.scheduler, clip_sample=False)
    scheduler.set_timesteps(4)
    run = Denoising(
        unet=base.unet,
        scheduler=scheduler,
        timesteps=scheduler.timesteps,
        start=InitialLatents(latents=noise),
        text=Embeddings(positive=positive, negative=negative, truncated=False),
        guidance=6.0,
        image_embeds=adapter.embed(LOOK),
    )
    with adapter.on(base.unet):
        *_, last = denoise(run, CPU)
    torch.testing.assert_close(last.latents, expected, rtol=1e-4, atol=1e-4)


def test_a_unet_is_as_it_was_afterwards(base: checkpoints.Base, adapter: StyleAdapter) -> None:
    def predicted(**more: object) -> torch.Tensor:
        latents, text = torch.ones((1, 4, 8, 8)), torch.ones((1, 77, 32))
        with torch.inference_mode():
            prediction: torch.Tensor = base.unet(latents, 500, encoder_hidden_states=text, **more)[0]
        return prediction

    before = predicted()
    with adapter.on(base.unet):
        styled = predicted(added_cond_kwargs={"image_embeds": [adapter.embed(LOOK)]})
    assert torch.equal(predicted(), before)
    assert not torch.allclose(styled, before)


def test_none_where_the_store_has_none(tmp_path: Path, base: checkpoints.Base) -> None:
    assert load_style_adapter(WeightStore(tmp_path), [base.unet], CPU) is None


def test_one_for_another_base_is_refused_by_its_file(tiny_diffusion: Path, tmp_path: Path) -> None:
    copied = tmp_path / "store"
    shutil.copytree(tiny_diffusion, copied)
    store = WeightStore(copied)
    other = checkpoints.load_unet(store, CPU)
    wider = type(other).from_config({**other.config, "cross_attention_dim": 48})
    with pytest.raises(WeightsCorrupt, match=r"ip-adapter_sd15.safetensors was made for another base model"):
        load_style_adapter(store, [wider], CPU)
