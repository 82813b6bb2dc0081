"""ControlNets: the image that conditions each, how strongly and in which steps.

Zhang, Rao and Agrawala, "Adding Conditional Control to Text-to-Image Diffusion Models" (ICCV 2023). Two things that
stock pipelines repeat in every step are done once or not at all here, without changing the result:

- the embedding of the control image depends on neither the step nor the latents, so it is made once a request;
- a ControlNet outside of its window of steps adds zeros, so it is not run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import torch
from diffusers import ControlNetModel
from torch import Tensor, nn

from diffusion.sd.options import Control

Residuals: TypeAlias = tuple[list[Tensor], Tensor]
"""For the UNet's down blocks and for its middle block."""


@dataclass(frozen=True, kw_only=True)
class ControlSchedule:
    """How strongly a ControlNet conditions the UNet, and in which steps."""

    scale: float
    """Factor on its residuals; 0 switches it off."""

    start: float = 0.0
    """Share of the steps after which it begins, 0–1."""

    end: float = 1.0
    """Share of the steps after which it ends, 0–1."""

    def active(self, step: int, steps: int) -> bool:
        """Whether it takes part in a step, counted from 0; the rule of the stock pipelines."""
        return self.scale != 0.0 and step / steps >= self.start and (step + 1) / steps <= self.end


CONTROL_SCHEDULES: Final[Mapping[Control, ControlSchedule]] = {
    Control.DEPTH: ControlSchedule(scale=0.7, end=0.8),
    Control.SEGMENTATION: ControlSchedule(scale=0.5, end=0.6),
    Control.CANNY: ControlSchedule(scale=0.35, end=0.5),
    Control.INPAINT: ControlSchedule(scale=1.0),
}
"""Depth keeps the room's shape and acts longest; edges end early, or old furniture shows through new upholstery."""


class ControlBranch:
    """A ControlNet whose control image is embedded apart from its forward pass."""

    def __init__(self, net: ControlNetModel) -> None:
        """Changes the net: its embedding is moved out, so that it takes an embedded image as its condition."""
        self._embed: nn.Module = net.controlnet_cond_embedding
        net.controlnet_cond_embedding = nn.Identity()
        self._net = net

    @property
    def modules(self) -> tuple[nn.Module, nn.Module]:
        """The net and its embedding."""
        return self._net, self._embed

    @torch.inference_mode()
    def controlnet_cond(self, picture: Tensor) -> Tensor:
        """The embedding of a 1×3×H×W control image, 0–1 (−1 where the inpainting net is to paint)."""
        embedded: Tensor = self._embed(picture.to(self._net.dtype))
        return embedded

    def residuals(
        self, sample: Tensor, timestep: Tensor, text: Tensor, controlnet_cond: Tensor, scale: float
    ) -> Residuals:
        """One forward pass; `controlnet_cond` of batch 1 serves the whole batch."""
        down, middle = self._net(
            sample,
            timestep,
            encoder_hidden_states=text,
            controlnet_cond=controlnet_cond,
            conditioning_scale=scale,
            return_dict=False,
        )
        return list(down), middle


@dataclass(frozen=True, kw_only=True)
class ActiveControl:
    """A ControlNet that takes part in a request."""

    branch: ControlBranch
    controlnet_cond: Tensor
    schedule: ControlSchedule


def summed_residuals(
    controls: Sequence[ActiveControl], sample: Tensor, timestep: Tensor, text: Tensor, *, step: int, steps: int
) -> Residuals | None:
    """The sum over the ControlNets that take part in a step; None where none does."""
    summed: Residuals | None = None
    for control in controls:
        if not control.schedule.active(step, steps):
            continue
        down, middle = control.branch.residuals(sample, timestep, text, control.controlnet_cond, control.schedule.scale)
        if summed is None:
            summed = down, middle
        else:
            summed = [one + other for one, other in zip(summed[0], down, strict=True)], summed[1] + middle
    return summed
