"""Schedules, and the clean estimate of a prediction."""

from typing import Any

import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, LCMScheduler

from diffusion.sd import schedulers
from diffusion.sd.schedulers import Sampler
from diffusion.sd.tiers import FEWER_STEPS, HYPER_SD, LCM, QUALITY
from servicekit.inference import hardware
from tests.fixtures.tiny_diffusion import DEIS

pytestmark = pytest.mark.slow  # loads torch

HOST = hardware.choose("cpu")
BETAS: Any = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
SD15: Any = {**BETAS, "num_train_timesteps": 1000, "prediction_type": "epsilon", "skip_prk_steps": True}


@pytest.mark.parametrize("sampler", list(Sampler))
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_the_clean_estimate_of_a_perfect_prediction_is_the_original(sampler: Sampler, prediction: str) -> None:
    scheduler = schedulers.build(sampler, SD15 | {"prediction_type": prediction})
    timesteps = schedulers.schedule(scheduler, 10, 0.6, HOST.device)
    random = torch.Generator().manual_seed(0)
    original, noise = torch.randn(2, 1, 4, 8, 8, generator=random)
    noisy = scheduler.add_noise(original, noise, timesteps[:1])
    sample = scheduler.scale_model_input(noisy, timesteps[0])
    alpha = scheduler.alphas_cumprod[int(timesteps[0])]
    perfect = noise if prediction == "epsilon" else alpha.sqrt() * noise - (1 - alpha).sqrt() * original
    estimate = schedulers.clean_estimate(scheduler, sample, perfect, timesteps[0])
    assert (estimate - original).abs().max() < 0.05


@pytest.mark.parametrize("sampler", [Sampler.DPMPP_2M, Sampler.LCM])
@pytest.mark.parametrize(("strength", "expected"), [(1.0, 10), (0.75, 7), (0.31, 3), (0.29, 2), (0.01, 1)])
def test_a_strength_runs_its_share_of_the_schedule(sampler: Sampler, strength: float, expected: int) -> None:
    scheduler = schedulers.build(sampler, SD15)
    assert len(schedulers.schedule(scheduler, 10, strength, HOST.device)) == expected


@pytest.mark.parametrize("strength", [0.02, 0.29, 0.36, 0.58, 0.8, 0.9, 1.0])
def test_a_strength_is_the_same_noise_in_every_tier(strength: float) -> None:
    levels = []
    for preset in (QUALITY, FEWER_STEPS, HYPER_SD, LCM):
        scheduler = schedulers.build(preset.sampler, SD15)
        first = schedulers.schedule(scheduler, preset.steps, strength, HOST.device)[:1]
        one, none = torch.ones(1, 1, 1, 1), torch.zeros(1, 1, 1, 1)
        noise, signal = (float(scheduler.add_noise(*pair, first)) for pair in ((none, one), (one, none)))
        levels.append(noise / signal)
    assert levels == pytest.approx([levels[0]] * 4, rel=1e-5)


def test_noise_levels_are_those_of_the_trained_schedule() -> None:
    """The square root of (1 − ᾱ) / ᾱ, from the betas alone."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    kept = torch.cumprod(1 - betas, dim=0)
    scheduler = schedulers.build(Sampler.DPMPP_2M, SD15)
    for strength, timestep in ((0.4, 399), (0.8, 799), (1.0, 999)):
        assert schedulers.first_timestep(strength) == timestep
        expected = float(((1 - kept[timestep]) / kept[timestep]) ** 0.5)
        assert schedulers.noise_level(scheduler, timestep) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("sampler", "stock"),
    [
        (Sampler.DPMPP_2M, DPMSolverMultistepScheduler(**BETAS, use_karras_sigmas=True)),
        (Sampler.DDIM, DDIMScheduler(**BETAS, timestep_spacing="trailing")),
        (Sampler.LCM, LCMScheduler(**BETAS)),
    ],
)
def test_all_of_a_schedule_is_the_stock_one(sampler: Sampler, stock: Any) -> None:
    for steps in (4, 8, 24):
        stock.set_timesteps(steps)
        ours = schedulers.schedule(schedulers.build(sampler, SD15), steps, 1.0, HOST.device)
        assert ours.tolist() == stock.timesteps.tolist()


def test_nothing_but_the_noise_is_taken_from_another_samplers_settings() -> None:
    """Realistic Vision and DreamShaper come with DEIS, whose settings DPM-Solver++ refuses or misreads."""
    plain, deis = (schedulers.build(Sampler.DPMPP_2M, config) for config in (SD15, DEIS))
    for scheduler in (plain, deis):
        schedulers.schedule(scheduler, 12, 0.8, HOST.device)
    assert deis.config["algorithm_type"] == "dpmsolver++"
    assert torch.equal(plain.sigmas, deis.sigmas)
    assert schedulers.build(Sampler.DDIM, DEIS).config["timestep_spacing"] == "trailing"
