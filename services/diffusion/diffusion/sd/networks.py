"""What the denoising loop asks of a UNet and of a ControlNet, whoever computes them.

diffusers' UNet and `control.ControlBranch` run in torch; `sd.openvino.compiled` has both in OpenVINO.
"""

from typing import Any, Protocol, TypeAlias

import torch
from torch import Tensor

Residuals: TypeAlias = tuple[list[Tensor], Tensor]
"""What ControlNets add: to the UNet's down blocks, and to its middle block."""


class UNet(Protocol):
    """Predicts noise; called as diffusers' own."""

    @property
    def dtype(self) -> torch.dtype:
        """Of the samples that it takes."""

    def __call__(
        self,
        sample: Tensor,
        timestep: Tensor,
        *,
        encoder_hidden_states: Tensor,
        down_block_additional_residuals: list[Tensor] | None,
        mid_block_additional_residual: Tensor | None,
        added_cond_kwargs: dict[str, Any] | None,
        return_dict: bool,
    ) -> tuple[Tensor, ...]:
        """The prediction, of the shape of `sample` (B×4×h×w), alone in a tuple; `return_dict` is False."""


class ControlNet(Protocol):
    """Steers the UNet by an image."""

    def controlnet_cond(self, picture: Tensor) -> Tensor:
        """The embedding of a 1×3×H×W control image, 0–1 (−1 where the inpainting net is to paint)."""

    def residuals(
        self, sample: Tensor, timestep: Tensor, text: Tensor, controlnet_cond: Tensor, scale: float
    ) -> Residuals:
        """One forward pass; `controlnet_cond` of batch 1 serves the whole batch."""
