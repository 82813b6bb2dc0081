"""Which latents may change."""

import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch
from diffusers import AutoencoderKL

from diffusion.sd import schedulers
from diffusion.sd.latents import Autoencoder, from_noise, generators, repaint_mask
from diffusion.sd.schedulers import Sampler
from tests.fixtures.tiny_diffusion import AUTOENCODER

pytestmark = pytest.mark.slow  # loads torch


def test_a_latent_is_repainted_where_any_of_its_pixels_is() -> None:
    keep = torch.ones(1, 1, 16, 24)
    keep[0, 0, 3, 10] = 0
    assert repaint_mask(keep).tolist() == [[[[0, 1, 0], [0, 0, 0]]]]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_the_same_seed_is_the_same_noise_in_every_precision(dtype: torch.dtype) -> None:
    """Drawn in half precision, the same generator gives rounded numbers at best."""
    scheduler = schedulers.build(Sampler.LCM, {})
    like = torch.empty(1, 4, 8, 8, dtype=dtype)
    half, single = (from_noise(scheduler, one, generators(5, 1)).latents for one in (like, like.float()))
    assert half.dtype == torch.float32
    assert torch.equal(half, single)
    drawn = torch.randn(like.shape, generator=generators(5, 1)[0], dtype=dtype)
    assert not torch.equal(drawn.float(), single)


def test_a_photo_in_half_precision_is_sampled_with_the_noise_of_single_precision() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        vae = AutoencoderKL(**AUTOENCODER).eval()
    picture = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    single = Autoencoder(vae).encode(picture, generators(5, 2))
    stock = [vae.encode(picture).latent_dist.sample(one) * vae.config["scaling_factor"] for one in generators(5, 2)]
    assert torch.allclose(single, torch.cat(stock), atol=1e-6)
    rounded = Autoencoder(vae.to(torch.bfloat16)).encode(picture, generators(5, 2))
    assert (rounded - single).abs().max() < 0.05 * single.abs().max()
