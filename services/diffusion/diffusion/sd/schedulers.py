"""Samplers by name, and the part of their schedule that a strength leaves."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    LCMScheduler,
    UniPCMultistepScheduler,
)
from torch import Tensor

Scheduler = Any
"""One of diffusers' schedulers; they share no base class that names what they have in common."""


class Sampler(StrEnum):
    """How noise is taken away."""

    DPMPP_2M = "dpm++2m"
    """DPM-Solver++(2M) on Karras' noise levels."""
    UNIPC = "unipc"
    DDIM = "ddim"
    """Deterministic, on trailing timesteps, as few-step distillations want it."""
    EULER_ANCESTRAL = "euler-a"
    LCM = "lcm"


_MAKERS: Final[Mapping[Sampler, tuple[Any, Mapping[str, Any]]]] = {
    Sampler.DPMPP_2M: (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
    Sampler.UNIPC: (UniPCMultistepScheduler, {}),
    Sampler.DDIM: (DDIMScheduler, {"timestep_spacing": "trailing", "clip_sample": False}),
    Sampler.EULER_ANCESTRAL: (EulerAncestralDiscreteScheduler, {}),
    Sampler.LCM: (LCMScheduler, {"clip_sample": False}),
}


def build(sampler: Sampler, config: Mapping[str, Any]) -> Scheduler:
    """A scheduler of its own for one request, on the checkpoint's noise schedule: schedulers have a memory."""
    maker, options = _MAKERS[sampler]
    return maker.from_config(dict(config), **options)


def schedule(scheduler: Scheduler, steps: int, strength: float, device: torch.device) -> Tensor:
    """The timesteps to run: the last ⌊steps · strength⌋ of `steps`, at least one. Sets the scheduler up for them."""
    scheduler.set_timesteps(steps, device=device)
    run = max(1, min(int(steps * strength), steps))
    first = (steps - run) * scheduler.order
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first)
    timesteps: Tensor = scheduler.timesteps[first:]
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
