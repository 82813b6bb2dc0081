"""ControlNets and what they add to the UNet; `recipes` says how strongly and in which steps.

Zhang, Rao and Agrawala, "Adding Conditional Control to Text-to-Image Diffusion Models" (ICCV 2023). Two things that
stock pipelines repeat in every step are done once or not at all here, without changing the result:

- the embedding of the control image depends on neither the step nor the latents, so it is made once a request;
- a ControlNet outside of its window of steps adds zeros, so it is not run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from diffusers import ControlNetModel
from torch import Tensor, nn

from diffusion.sd.networks import ControlNet, Residuals
from diffusion.sd.recipes import ControlSchedule


class ControlBranch:
    """A ControlNet in torch, whose control image is embedded apart from its forward pass."""

    def __init__(self, net: ControlNetModel) -> None:
        """Changes the net: its embedding is moved out, so that it takes an embedded image as its condition."""
        self._embed: nn.Module = net.controlnet_cond_embedding
        net.controlnet_cond_embedding = nn.Identity()
        self._net = net

    @property
    def modules(self) -> tuple[ControlNetModel, nn.Module]:
        """The net and its embedding."""
        return self._net, self._embed

    @torch.inference_mode()
    def controlnet_cond(self, picture: Tensor) -> Tensor:
        """See the Protocol."""
        embedded: Tensor = self._embed(picture.to(self._net.dtype))
        return embedded

    def residuals(
        self, sample: Tensor, timestep: Tensor, text: Tensor, controlnet_cond: Tensor, scale: float
    ) -> Residuals:
        """See the Protocol."""
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
    """A ControlNet that takes part in a pass."""

    branch: ControlNet

    controlnet_cond: Tensor
    """1×C×h×w: the embedded control image, of the latents' size."""

    schedule: ControlSchedule


def beside_zeros(residuals: Residuals) -> Residuals:
    """Residuals of the conditional half, after zeros for the unconditional one."""
    down, middle = residuals
    return [torch.cat([torch.zeros_like(one), one]) for one in down], torch.cat([torch.zeros_like(middle), middle])


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
