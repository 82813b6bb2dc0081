"""A UNet whose deep blocks are computed in some steps only, and reused in those between.

Ma, Fang and Wang, "DeepCache: Accelerating Diffusion Models for Free" (CVPR 2024), uniform, branch 0: what enters the
UNet's last layer hardly changes from one step to the next, so between two whole steps only the first convolution, the
last layer and the output are computed. ControlNets add to the deep blocks, and are run with them; what they add to the
first convolution is kept, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from diffusion.sd.networks import Residuals
from diffusion.sd.shortcuts import Shortcuts

ImageCondition = dict[str, list[Tensor]] | None


class SplitUNet(nn.Module):
    """A Stable Diffusion 1.5 UNet in two parts, for one forward pass of both or of the shallow one alone.

    Its parts are those of diffusers' `UNet2DConditionModel.forward`, in that order; a test holds them to it.
    """

    def __init__(self, unet: UNet2DConditionModel) -> None:
        """Shares the UNet's layers, and reads an image's look where that has been prepared for it."""
        super().__init__()
        self.unet: Any = unet

    def forward(
        self,
        sample: Tensor,
        timestep: Tensor,
        text: Tensor,
        *,
        down: Sequence[Tensor] = (),
        middle: Tensor | None = None,
        images: ImageCondition = None,
        deep: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """The prediction, of `sample`'s shape, and what entered the last layer: `deep`, where that is given.

        `down` and `middle` are what ControlNets add; beside `deep` the first of `down` is enough.
        """
        unet = self.unet
        time = unet.time_embedding(unet.get_time_embed(sample=sample, timestep=timestep))
        text = unet.process_encoder_hidden_states(encoder_hidden_states=text, added_cond_kwargs=images)
        first = unet.conv_in(sample)
        if deep is None:
            deep = self._deep(first, time, text, down, middle)
        if down:
            first = first + down[0]
        last = unet.up_blocks[-1]
        hidden = _layer(last, len(last.resnets) - 1, (deep, first), time, text)
        prediction: Tensor = unet.conv_out(unet.conv_act(unet.conv_norm_out(hidden)))
        return prediction, deep

    def _deep(self, first: Tensor, time: Tensor, text: Tensor, down: Sequence[Tensor], middle: Tensor | None) -> Tensor:
        """All but the first convolution and the last layer."""
        unet, hidden, skips = self.unet, first, [first]
        for block in unet.down_blocks:
            attended = {"encoder_hidden_states": text} if hasattr(block, "attentions") else {}
            hidden, states = block(hidden_states=hidden, temb=time, **attended)
            skips += states
        hidden = unet.mid_block(hidden, time, encoder_hidden_states=text)
        if down:
            skips = [skip + residual for skip, residual in zip(skips, down, strict=True)]
        if middle is not None:
            hidden = hidden + middle
        *blocks, last = unet.up_blocks
        for block in blocks:
            count = len(block.resnets)
            own, skips = skips[-count:], skips[:-count]
            attended = {"encoder_hidden_states": text} if hasattr(block, "attentions") else {}
            size = skips[-1].shape[2:]
            hidden = block(
                hidden_states=hidden, temb=time, res_hidden_states_tuple=tuple(own), upsample_size=size, **attended
            )
        for number in range(len(last.resnets) - 1):
            hidden = _layer(last, number, (hidden, skips[-1 - number]), time, text)
        deep: Tensor = hidden
        return deep


@dataclass(frozen=True, kw_only=True)
class DeepCache:
    """The UNet of one pass, and what its last whole step left."""

    unet: SplitUNet
    shortcuts: Shortcuts

    kept: dict[int, tuple[Tensor, Sequence[Tensor]]] = field(default_factory=dict)
    """Of each window: what entered the last layer, and what ControlNets added to the first convolution, if any did."""

    def predict(
        self,
        sample: Tensor,
        timestep: Tensor,
        text: Tensor,
        residuals: Residuals | None,
        images: ImageCondition,
        *,
        step: int,
        window: int,
    ) -> Tensor:
        """The prediction for B×4×h×w, `residuals` those of a whole step; others go by what that has left.

        Where guidance has ended since, the conditional half of that, which is the second, is what is left.
        """
        if self.shortcuts.whole(step):
            down, middle = residuals or ([], None)
            prediction, deep = self.unet(sample, timestep, text, down=down, middle=middle, images=images)
            self.kept[window] = deep, down[:1]
        else:
            deep, first = self.kept[window]
            half = slice(-len(sample), None)
            down = [one[half] for one in first]
            prediction, _deep = self.unet(sample, timestep, text, down=down, images=images, deep=deep[half])
        predicted: Tensor = prediction
        return predicted


def _layer(block: Any, number: int, seen: tuple[Tensor, Tensor], time: Tensor, text: Tensor) -> Tensor:  # noqa: ANN401 - blocks have no type of their own
    """One layer of an up block without its upsampling, which the last block has none of."""
    hidden = block.resnets[number](torch.cat(seen, dim=1), time)
    attended: Tensor = block.attentions[number](hidden, encoder_hidden_states=text, return_dict=False)[0]
    return attended
