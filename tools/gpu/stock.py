"""The stock pipelines of diffusers, told to do what a plan of ours does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import diffusers
import torch
from torch import Tensor

from diffusion.sd import schedulers, tensors
from diffusion.sd.control import CONTROL_SCHEDULES
from diffusion.sd.options import Control
from diffusion.sd.plan import Mode, Plan
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


def stock_pipeline(models: StockModels, plan: Plan, controls: Sequence[Control]) -> Any:
    """A stock pipeline for the plan's mode, with ControlNets or without."""
    plain, controlled = _PIPELINES[plan.mode]
    parts: dict[str, Any] = {
        "vae": models.vae,
        "text_encoder": models.text_encoder,
        "tokenizer": models.tokenizer,
        "unet": models.unet,
        "scheduler": schedulers.build(plan.preset.sampler, models.scheduler),
        "safety_checker": None,
        "feature_extractor": None,
        "requires_safety_checker": False,
    }
    if controls:
        nets = [models.controls[control] for control in controls]
        pipeline = controlled(**parts, controlnet=nets if len(nets) > 1 else nets[0])
    else:
        pipeline = plain(**parts)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def stock_arguments(
    plan: Plan, shown: Mapping[Control, Tensor], random: Sequence[torch.Generator], hardware: Hardware
) -> dict[str, Any]:
    """What to call that pipeline with; `shown` are the control pictures, 1×3×H×W."""
    height, width = plan.letterbox.size
    arguments: dict[str, Any] = {
        "prompt": plan.prompt,
        "negative_prompt": plan.negative_prompt,
        "guidance_scale": plan.guidance,
        "num_inference_steps": plan.preset.steps,
        "num_images_per_prompt": len(random),
        "generator": list(random),
        "output_type": "pt",
        "return_dict": False,
    }
    photo = tensors.unit(plan.start, hardware)
    if plan.mode is not Mode.IMAGE:
        arguments |= {"height": height, "width": width}
    if plan.mode is not Mode.TEXT:
        arguments |= {"image": photo, "strength": plan.strength}
    if plan.mode is Mode.INPAINT and plan.letterboxed_keep is not None:
        arguments["mask_image"] = 1 - tensors.keep_tensor(plan.letterboxed_keep, hardware)
    if shown:
        images = list(shown.values())
        schedule = [CONTROL_SCHEDULES[control] for control in shown]
        single = len(images) == 1
        arguments["image" if plan.mode is Mode.TEXT else "control_image"] = images[0] if single else images
        scales = [one.scale for one in schedule]
        arguments["controlnet_conditioning_scale"] = scales[0] if single else scales
        arguments["control_guidance_start"] = [one.start for one in schedule]
        arguments["control_guidance_end"] = [one.end for one in schedule]
    return arguments
