"""The stock pipelines of diffusers, told to do what a plan of ours does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import diffusers
import torch
from torch import Tensor
from torch.nn import functional as F

from diffusion.sd import latents, schedulers, tensors
from diffusion.sd.letterbox import MULTIPLE
from diffusion.sd.options import Control
from diffusion.sd.plan import Mode, Pass, Plan
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
