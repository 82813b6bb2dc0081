"""UNets and ControlNets as graphs take them, for `export` and `openvino`: inputs and outputs are tensors in a row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import torch
from torch import Tensor, nn

from diffusion.sd.letterbox import MULTIPLE

TOKENS: Final = 77

Shapes: TypeAlias = dict[str, tuple[int, ...]]
"""Of a model's inputs, by name."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """A model as a graph takes it: all inputs are tensors, in the order of `shapes`."""

    name: str
    module: nn.Module

    shapes: Callable[[int, int, int], Shapes]
    """Of the inputs, for a batch and a height and width in latents."""

    outputs: int


class ControlledUNet(nn.Module):
    """A UNet and what ControlNets add to it; zeros where none takes part."""

    def __init__(self, unet: nn.Module) -> None:
        super().__init__()
        self.unet = unet

    def forward(self, sample: Tensor, timestep: Tensor, text: Tensor, *residuals: Tensor) -> Tensor:
        """B×4×h×w: the prediction. `residuals` are the down blocks', then the middle's."""
        *down, middle = residuals
        predicted: Tensor = self.unet(
            sample,
            timestep,
            encoder_hidden_states=text,
            down_block_additional_residuals=tuple(down),
            mid_block_additional_residual=middle,
            return_dict=False,
        )[0]
        return predicted


class ScaledControlNet(nn.Module):
    """A ControlNet on an embedded control image; its scale is an input, since recipes decide it."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, sample: Tensor, timestep: Tensor, text: Tensor, cond: Tensor, scale: Tensor) -> list[Tensor]:
        """The residuals of the down blocks, then the middle's."""
        down, middle = self.net(sample, timestep, text, cond, return_dict=False)
        return [one * scale for one in (*down, middle)]


def unet_network(name: str, unet: nn.Module, config: Mapping[str, Any]) -> Network:
    """A UNet; `config` is its own."""
    sides = residual_sides(config)

    def shapes(batch: int, height: int, wide: int) -> Shapes:
        residuals = {
            f"residual_{number}": (batch, channels, -(-height // halved), -(-wide // halved))
            for number, (channels, halved) in enumerate(sides)
        }
        return _common(config, batch, height, wide) | residuals

    return Network(name=name, module=ControlledUNet(unet), shapes=shapes, outputs=1)


def control_network(name: str, net: nn.Module, config: Mapping[str, Any]) -> Network:
    """A ControlNet without its embedding; `config` is its own."""
    sides = residual_sides(config)

    def shapes(batch: int, height: int, wide: int) -> Shapes:
        embedded = {"cond": (1, sides[0][0], height, wide), "scale": ()}
        return _common(config, batch, height, wide) | embedded

    return Network(name=name, module=ScaledControlNet(net), shapes=shapes, outputs=len(sides))


def embedding_network(name: str, embedding: nn.Module) -> Network:
    """What embeds a ControlNet's image."""

    def shapes(_batch: int, height: int, wide: int) -> Shapes:
        return {"picture": (1, 3, height * MULTIPLE, wide * MULTIPLE)}

    return Network(name=name, module=embedding, shapes=shapes, outputs=1)


def example(shapes: Shapes) -> tuple[Tensor, ...]:
    """Random inputs of those shapes; a timestep of 500."""
    return tuple(torch.tensor(500) if name == "timestep" else torch.randn(shape) for name, shape in shapes.items())


def residual_sides(config: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Of what ControlNets add, in order: channels, and how often smaller than the latents."""
    channels, layers = config["block_out_channels"], int(config["layers_per_block"])
    sides = [(channels[0], 1)]
    for level, wide in enumerate(channels):
        sides += [(wide, 2**level)] * layers
        if level + 1 < len(channels):
            sides.append((wide, 2 ** (level + 1)))
    return [*sides, (channels[-1], 2 ** (len(channels) - 1))]


def _common(config: Mapping[str, Any], batch: int, height: int, wide: int) -> Shapes:
    width = int(config["cross_attention_dim"])
    return {"sample": (batch, 4, height, wide), "timestep": (), "text": (batch, TOKENS, width)}
