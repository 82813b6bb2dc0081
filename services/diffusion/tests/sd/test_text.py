"""Prompts encoded, short and long, and kept."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch
from diffusers import StableDiffusionPipeline

from diffusion.sd import checkpoints
from diffusion.sd.text import MAX_PIECES, TextEmbedder
from servicekit.inference import hardware
from servicekit.weights import WeightStore

pytestmark = pytest.mark.slow  # loads torch

HOST = hardware.choose("cpu")


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
