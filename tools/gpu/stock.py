"""The stock pipelines of diffusers, told to do what a plan of ours does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import diffusers
import torch
from diffusers.callbacks import PipelineCallback, SDCFGCutoffCallback
from torch import Tensor, nn
from torch.nn import functional as F

from diffusion.sd import latents, schedulers, tensors
from diffusion.sd.letterbox import MULTIPLE
from diffusion.sd.options import Control
from diffusion.sd.plan import Mode, Pass, Plan
from diffusion.sd.shortcuts import Shortcuts
from diffusion.sd.text import Embeddings
from servicekit.inference.hardware import Hardware


@dataclass(frozen=True, kw_only=True)
class StockModels:
    """Models of diffusers that ours have not touched."""

    tokenizer: Any
    text_encoder: Any
    vae: Any
    unet: Any
    scheduler: Mapping[str, Any]
    controls: Mapping[Control, Any]


_PIPELINES = {
    Mode.TEXT: (diffusers.StableDiffusionPipeline, diffusers.StableDiffusionControlNetPipeline),
    Mode.IMAGE: (diffusers.StableDiffusionImg2ImgPipeline, diffusers.StableDiffusionControlNetImg2ImgPipeline),
    Mode.INPAINT: (diffusers.StableDiffusionInpaintPipeline, diffusers.StableDiffusionControlNetInpaintPipeline),
}


def stock_pipeline(models: StockModels, one: Pass, controls: Sequence[Control]) -> Any:
    """A stock pipeline for a pass's mode, with ControlNets or without.

    Its own choice of timesteps for a strength, by their number, is replaced by ours, by their noise.
    """
    plain, controlled = _PIPELINES[one.mode]
    parts: dict[str, Any] = {
        "vae": models.vae,
        "text_encoder": models.text_encoder,
        "tokenizer": models.tokenizer,
        "unet": models.unet,
        "scheduler": schedulers.build(one.preset.sampler, models.scheduler),
        "safety_checker": None,
        "feature_extractor": None,
        "requires_safety_checker": False,
    }
    if controls:
        nets = [models.controls[control] for control in controls]
        for net in nets:
            _guess_without_smaller_scales(net)
        pipeline = controlled(**parts, controlnet=nets if len(nets) > 1 else nets[0])
    else:
        pipeline = plain(**parts)
    pipeline.set_progress_bar_config(disable=True)

    def get_timesteps(num_inference_steps: int, strength: float, device: torch.device) -> tuple[Tensor, int]:
        timesteps = schedulers.schedule(pipeline.scheduler, num_inference_steps, strength, device)
        return timesteps, len(timesteps)

    pipeline.get_timesteps = get_timesteps
    return pipeline


def stock_arguments(
    plan: Plan,
    shown: Mapping[Control, Tensor],
    random: Sequence[torch.Generator],
    hardware: Hardware,
    *,
    text: Embeddings | None = None,
) -> dict[str, Any]:
    """What to call that pipeline with for a plan's first pass; `shown` are the control pictures, 1×3×H×W.

    `text` takes the place of the prompts, for those that are longer than the stock pipelines read.
    """
    one = plan.passes[0]
    height, width = one.letterbox.size
    arguments: dict[str, Any] = {
        **(
            {"prompt": plan.prompt, "negative_prompt": plan.negative_prompt}
            if text is None
            else {"prompt_embeds": text.positive, "negative_prompt_embeds": text.negative}
        ),
        "guidance_scale": one.guidance,
        "num_inference_steps": one.preset.steps,
        "num_images_per_prompt": len(random),
        "generator": list(random),
        "output_type": "pt",
        "return_dict": False,
        **_shortcuts(one, len(shown)),
    }
    photo = tensors.unit(plan.start, hardware)
    if one.mode is not Mode.IMAGE:
        arguments |= {"height": height, "width": width}
    if one.mode is not Mode.TEXT:
        arguments |= {"image": photo, "strength": one.strength}
    kept = plan.letterboxed_keep(one)
    if one.mode is Mode.INPAINT and kept is not None:
        # of a latent that is kept in part stock asks one pixel, ours repaints it; stock is given ours in whole latents
        repaint = latents.repaint_mask(tensors.keep_tensor(kept, hardware))
        arguments["mask_image"] = F.interpolate(repaint, scale_factor=MULTIPLE)
    if shown:
        images = list(shown.values())
        schedule = [one.recipe[control] for control in shown]
        single = len(images) == 1
        arguments["image" if one.mode is Mode.TEXT else "control_image"] = images[0] if single else images
        scales = [one.scale for one in schedule]
        arguments["controlnet_conditioning_scale"] = scales[0] if single else scales
        arguments["control_guidance_start"] = [one.start for one in schedule]
        arguments["control_guidance_end"] = [one.end for one in schedule]
    return arguments


class EndOfGuidance(SDCFGCutoffCallback):  # type: ignore[misc]  # diffusers' callbacks have no types
    """diffusers' own callback for pipelines without ControlNets, which halves the control images as well."""

    def __init__(self, step: int, images: str) -> None:
        """Guidance ends after `step`, counted from 0; `images` is what the pipeline calls its control images."""
        super().__init__(cutoff_step_ratio=None, cutoff_step_index=step)
        self.tensor_inputs = ["prompt_embeds", *([images] if images else [])]

    def callback_fn(self, pipeline: Any, step_index: int, timestep: Any, callback_kwargs: dict[str, Any]) -> Any:
        """After every step."""
        changed: dict[str, Any] = super().callback_fn(pipeline, step_index, timestep, callback_kwargs)
        if step_index == self.config.cutoff_step_index:
            for name in self.tensor_inputs[1:]:
                images = changed[name]
                changed[name] = [one[-1:] for one in images] if isinstance(images, list) else images[-1:]
        return changed


def _shortcuts(one: Pass, nets: int) -> dict[str, Any]:
    """What stock pipelines have of our shortcuts: a callback that ends guidance, and `guess_mode`."""
    shortcuts: Shortcuts = one.preset.shortcuts
    arguments: dict[str, Any] = {"guess_mode": True} if shortcuts.conditional_controls and nets else {}
    if shortcuts.guidance_end < 1.0:
        scheduler = schedulers.build(one.preset.sampler, {})
        steps = len(schedulers.schedule(scheduler, one.preset.steps, one.strength, torch.device("cpu")))
        guided = sum(shortcuts.guided(step, steps) for step in range(steps))
        images = ("image" if one.mode is Mode.TEXT else "control_image") if nets and not arguments else ""
        callback: PipelineCallback = EndOfGuidance(guided - 1, images)
        arguments |= {
            "callback_on_step_end": callback,
            "callback_on_step_end_tensor_inputs": callback.tensor_inputs,
        }
    return arguments


def _guess_without_smaller_scales(net: nn.Module) -> None:
    """`guess_mode` also weakens what a net says; of stock it is only which half the net sees that is compared."""
    forward = type(net).forward

    def plain(*positional: Any, guess_mode: bool = False, **named: Any) -> Any:
        return forward(net, *positional, guess_mode=False, **named)

    setattr(net, "forward", plain)  # noqa: B010 - mypy: a method
