"""Schedules, and the clean estimate of a prediction."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch

from diffusion.sd import checkpoints, schedulers
from diffusion.sd.schedulers import Sampler
from servicekit.inference import hardware
from servicekit.weights import WeightStore

pytestmark = pytest.mark.slow  # loads torch

HOST = hardware.choose("cpu")


@pytest.fixture(scope="module")
def base(tiny_diffusion: Path) -> checkpoints.Base:
    return checkpoints.load_base(WeightStore(tiny_diffusion), HOST)


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
