"""The denoising loop: a generator that pauses after every step, so that its caller can stop there."""

import inspect
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from diffusion.sd.control import ActiveControl, beside_zeros, summed_residuals
from diffusion.sd.deep_cache import DeepCache
from diffusion.sd.latents import InitialLatents, restore_kept
from diffusion.sd.networks import Residuals, UNet
from diffusion.sd.schedulers import Scheduler, clean_estimate
from diffusion.sd.shortcuts import NONE, Shortcuts
from diffusion.sd.text import Embeddings
from diffusion.sd.windows import Window
from servicekit.inference.hardware import Hardware


@dataclass(frozen=True, kw_only=True)
class Denoising:
    """Everything that the loop needs for one batch of variants."""

    unet: UNet
    scheduler: Scheduler
    timesteps: Tensor
    start: InitialLatents
    text: Embeddings

    guidance: float
    """Classifier-free guidance scale; up to 1 the negative prompt is not read and a step costs half."""

    controls: Sequence[ActiveControl] = ()
    random: list[torch.Generator] = field(default_factory=list)
    """One a latent, for samplers that add noise."""

    image_embeds: Tensor | None = None
    """1×1×D of a picture whose look is wanted, for a UNet that `style_adapter` has prepared; None for none."""

    windows: Sequence[Window] = ()
    """What the UNet sees at a time; empty for all at once."""

    shortcuts: Shortcuts = NONE
    """What steps leave out."""

    cache: DeepCache | None = None
    """Runs in place of the UNet where steps reuse its deep blocks."""


@dataclass(frozen=True, kw_only=True)
class DenoisingStep:
    """One step of the loop, done."""

    number: int
    """From 1."""

    latents: Tensor
    """N×4×h×w fp32 after the step."""

    scheduler: Scheduler
    sample: Tensor
    """What the UNet saw, without guidance's doubling."""
    prediction: Tensor
    timestep: Tensor

    @torch.inference_mode()
    def clean(self) -> Tensor:
        """1×4×h×w: how the first latents would look without noise."""
        return clean_estimate(self.scheduler, self.sample[:1], self.prediction[:1], self.timestep)


@torch.inference_mode()
def denoise(run: Denoising, hardware: Hardware) -> Generator[DenoisingStep, None, None]:
    """Runs the UNet and its ControlNets once a step, and yields after each.

    Latents stay in single precision between steps; only the networks work in the device's own. On CUDA work is queued,
    and the host runs at most one step ahead of the device: the device never waits, and a loop that is closed leaves at
    most one step to finish.
    """
    scheduler, steps = run.scheduler, len(run.timesteps)
    latents = run.start.latents
    queued = hardware.event()
    extra = _extra_arguments(scheduler, run.random)
    for index, timestep in enumerate(run.timesteps):
        sample = scheduler.scale_model_input(latents, timestep)
        prediction = _predict(run, sample, timestep, step=index, steps=steps)
        latents = scheduler.step(prediction, timestep, latents, **extra, return_dict=False)[0]
        if run.start.kept is not None:
            following = run.timesteps[index + 1] if index + 1 < steps else None
            latents = restore_kept(scheduler, latents, run.start.kept, following)
        if queued is not None:
            queued.synchronize()
        queued = hardware.event()
        yield DenoisingStep(
            number=index + 1,
            latents=latents,
            scheduler=scheduler,
            sample=sample,
            prediction=prediction,
            timestep=timestep,
        )


def _predict(run: Denoising, sample: Tensor, timestep: Tensor, *, step: int, steps: int) -> Tensor:
    """The prediction for N×4×h×w in fp32, window by window where there are several."""
    if len(run.windows) <= 1:
        return _predict_window(run, run.controls, sample, timestep, step=step, steps=steps)
    summed, total = torch.zeros_like(sample), torch.zeros_like(sample[:1, :1])
    for number, window in enumerate(run.windows):
        controls = [replace(control, controlnet_cond=window.of(control.controlnet_cond)) for control in run.controls]
        weights = window.weights(sample.device)
        seen = _predict_window(run, controls, window.of(sample), timestep, step=step, steps=steps, window=number)
        window.of(summed).add_(seen * weights)
        window.of(total).add_(weights)
    return summed / total


def _predict_window(
    run: Denoising,
    controls: Sequence[ActiveControl],
    sample: Tensor,
    timestep: Tensor,
    *,
    step: int,
    steps: int,
    window: int = 0,
) -> Tensor:
    """One pass of the UNet and its ControlNets, guided where the scale is above 1 and guidance has not ended."""
    guided = run.guidance > 1.0 and run.shortcuts.guided(step, steps)
    conditional = run.text.positive.expand(len(sample), -1, -1)
    text = torch.cat([run.text.negative.expand(len(sample), -1, -1), conditional]) if guided else conditional
    batch = (torch.cat([sample, sample]) if guided else sample).to(run.unet.dtype)
    batch = batch.contiguous(memory_format=torch.channels_last)
    images = _image_condition(run, len(sample), guided=guided)
    residuals = None
    if run.shortcuts.whole(step):
        residuals = _residuals(run, controls, batch, timestep, text, guided=guided, step=step, steps=steps)
    if run.cache is not None:
        prediction = run.cache.predict(batch, timestep, text, residuals, images, step=step, window=window)
    else:
        prediction = run.unet(
            batch,
            timestep,
            encoder_hidden_states=text,
            down_block_additional_residuals=residuals[0] if residuals else None,
            mid_block_additional_residual=residuals[1] if residuals else None,
            added_cond_kwargs=images,
            return_dict=False,
        )[0]
    prediction = prediction.float()
    if not guided:
        return prediction
    without, with_text = prediction.chunk(2)
    return without + run.guidance * (with_text - without)


def _residuals(
    run: Denoising,
    controls: Sequence[ActiveControl],
    batch: Tensor,
    timestep: Tensor,
    text: Tensor,
    *,
    guided: bool,
    step: int,
    steps: int,
) -> Residuals | None:
    """What ControlNets add: to all of a batch, or to guidance's conditional half alone."""
    if not (guided and run.shortcuts.conditional_controls):
        return summed_residuals(controls, batch, timestep, text, step=step, steps=steps)
    half = len(batch) // 2
    seen = summed_residuals(controls, batch[half:], timestep, text[half:], step=step, steps=steps)
    return None if seen is None else beside_zeros(seen)


def _image_condition(run: Denoising, count: int, *, guided: bool) -> dict[str, list[Tensor]] | None:
    """The embedding for each latent; of nothing, which is zeros, for the unconditional half."""
    if run.image_embeds is None:
        return None
    embeds = run.image_embeds.expand(count, -1, -1)
    return {"image_embeds": [torch.cat([torch.zeros_like(embeds), embeds]) if guided else embeds]}


def _extra_arguments(scheduler: Scheduler, random: list[torch.Generator]) -> dict[str, list[torch.Generator]]:
    """Samplers that add noise take generators; the others have no such parameter."""
    return {"generator": random} if "generator" in inspect.signature(scheduler.step).parameters else {}
