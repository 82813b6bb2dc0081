"""Samplers by name, and the part of their schedule that a strength leaves.

A strength names a noise level, the same for every sampler and number of steps: that of the timestep `first_timestep`.
Each sampler then runs a share of its steps from there to the clean picture.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, LCMScheduler
from torch import Tensor

Scheduler = Any
"""One of diffusers' schedulers; they share no base class that names what they have in common."""


class Sampler(StrEnum):
    """How noise is taken away."""

    DPMPP_2M = "dpm++2m"
    """DPM-Solver++(2M) on Karras' noise levels."""
    DDIM = "ddim"
    """Deterministic, on trailing timesteps, as few-step distillations want it."""
    LCM = "lcm"


_MAKERS: Final[Mapping[Sampler, tuple[Any, Mapping[str, Any]]]] = {
    Sampler.DPMPP_2M: (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
    Sampler.DDIM: (DDIMScheduler, {"timestep_spacing": "trailing", "clip_sample": False}),
    Sampler.LCM: (LCMScheduler, {"clip_sample": False}),
}

INHERITED: Final = (
    "beta_start",
    "beta_end",
    "beta_schedule",
    "trained_betas",
    "num_train_timesteps",
    "prediction_type",
    "steps_offset",
)
"""What a checkpoint's scheduler says of how its UNet was trained. The rest is its authors' taste in samplers: settings
of a DEIS or PNDM scheduler mean something else, or nothing, to another."""

GRID: Final = 50
"""Noise levels that strengths are rounded to: those that LCM-LoRA was distilled on, of a thousand timesteps."""


def build(sampler: Sampler, config: Mapping[str, Any]) -> Scheduler:
    """A scheduler of its own for one request, on the checkpoint's noise schedule: schedulers have a memory."""
    maker, options = _MAKERS[sampler]
    return maker(**{key: config[key] for key in INHERITED if config.get(key) is not None}, **options)


def first_timestep(strength: float, timesteps: int = 1000) -> int:
    """The timestep, counted from 0, whose noise a strength in 0–1 stands for: its share of the trained ones."""
    return max(1, round(strength * GRID)) * (timesteps // GRID) - 1


def noise_level(scheduler: Scheduler, timestep: int) -> float:
    """σ of a timestep: noise over signal (Karras et al. 2022)."""
    alpha = float(scheduler.alphas_cumprod[timestep])
    return float(((1 - alpha) / alpha) ** 0.5)


def schedule(scheduler: Scheduler, steps: int, strength: float, device: torch.device) -> Tensor:
    """The timesteps to run: ⌊steps · strength⌋ of them, at least one; of DDIM as many as its stride needs.

    Sets the scheduler up for them.
    """
    trained = int(scheduler.config["num_train_timesteps"])
    first = first_timestep(strength, trained)
    # a hair more, since 0.29 · 100 is 28.999…
    count = max(1, min(int(steps * strength + 1e-6), steps))
    if isinstance(scheduler, DPMSolverMultistepScheduler):
        # the bound that Karras' levels are spread below; diffusers reads it from the configuration where it is there
        scheduler.register_to_config(sigma_max=noise_level(scheduler, first))
        scheduler.set_timesteps(count, device=device)
    elif isinstance(scheduler, LCMScheduler):
        scheduler.set_timesteps(count, device=device, strength=(first + 1) / trained + 0.5 / GRID)
    else:
        # DDIM takes no timesteps but its own, and steps by their stride from wherever it is: trailing ones from `first`
        scheduler.set_timesteps(steps, device=device)
        trailing = torch.arange(first + 1, 0, -trained / steps, dtype=torch.float64).round() - 1
        scheduler.timesteps = trailing.to(device=device, dtype=torch.int64)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)
    timesteps: Tensor = scheduler.timesteps
    return timesteps


def clean_estimate(scheduler: Scheduler, sample: Tensor, prediction: Tensor, timestep: Tensor) -> Tensor:
    """The clean latents that a prediction points at.

    `sample` is what the UNet saw. Every sampler scales that to unit variance, so one formula (Ho, Jain and Abbeel 2020,
    eq. 15; Salimans and Ho 2022, appendix D, for v) fits all of them.
    """
    index = timestep.long().clamp(0, len(scheduler.alphas_cumprod) - 1).cpu()
    alpha: Tensor = scheduler.alphas_cumprod[index].to(sample.device, torch.float32)
    signal, noise = torch.sqrt(alpha), torch.sqrt(1 - alpha)
    sample, prediction = sample.float(), prediction.float()
    if scheduler.config["prediction_type"] == "v_prediction":
        return signal * sample - noise * prediction
    return (sample - noise * prediction) / signal
