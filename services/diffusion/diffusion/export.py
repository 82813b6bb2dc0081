"""`python -m diffusion.export DIRECTORY`: writes UNets and ControlNets as ONNX models, with a TensorRT build script.

Each model serves all buckets of sizes: batch, height and width vary. `<model>/build.sh` has Polygraphy build an engine
of it with one optimisation profile a bucket that the service draws at. The settings are the service's own; models are
exported in fp32 on the CPU, since TensorRT chooses precisions itself. docs/tensorrt.md tells what the files are for.
"""

import argparse
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import torch
from torch import Tensor, nn

from diffusion.domain import Tier
from diffusion.sd import models
from diffusion.sd.letterbox import MULTIPLE, letterbox
from diffusion.sd.models import Models
from diffusion.settings import PREFIX, Settings
from servicekit.config import env
from servicekit.inference import hardware

OPSET: Final = 18
BATCHES: Final = (1, 2, 8)
"""Least, usual and greatest: one picture without guidance, one with it, four variants with it."""
RATIOS: Final = ((1, 1), (3, 4), (4, 3), (2, 3), (3, 2), (9, 16), (16, 9))
"""Height to width of usual photos."""
TOKENS: Final = 77

Shapes: TypeAlias = dict[str, tuple[int, ...]]
"""Of a model's inputs, by name."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """A model to export."""

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


def buckets(loaded: Models) -> list[tuple[int, int]]:
    """Heights and widths in latents that usual photos are drawn at in any tier, and the second pass' window."""
    found = {
        letterbox(100 * height, 100 * width, side=side, multiple=loaded.bucket).latent
        for side in loaded.sides.values()
        for height, width in RATIOS
    }
    if loaded.finished_side:
        found.add((loaded.window // MULTIPLE, loaded.window // MULTIPLE))
    return sorted(found)


def networks(loaded: Models) -> Iterator[Network]:
    """Each distinct UNet, and each ControlNet."""
    config: Any = loaded.unets[Tier.QUALITY].config
    width = int(config["cross_attention_dim"])
    sides = _residual_sides(config)

    def common(batch: int, height: int, wide: int) -> Shapes:
        return {"sample": (batch, 4, height, wide), "timestep": (), "text": (batch, TOKENS, width)}

    def controlled(batch: int, height: int, wide: int) -> Shapes:
        residuals = {
            f"residual_{number}": (batch, channels, -(-height // halved), -(-wide // halved))
            for number, (channels, halved) in enumerate(sides)
        }
        return common(batch, height, wide) | residuals

    def embedded(batch: int, height: int, wide: int) -> Shapes:
        return common(batch, height, wide) | {"cond": (1, sides[0][0], height, wide), "scale": ()}

    for unet in dict.fromkeys(loaded.unets.values()):
        names = [tier for tier, one in loaded.unets.items() if one is unet]
        yield Network(name="-".join(["unet", *names]), module=ControlledUNet(unet), shapes=controlled, outputs=1)
    for control, branch in loaded.controls.items():
        net, _embedding = branch.modules
        yield Network(name=f"controlnet-{control}", module=ScaledControlNet(net), shapes=embedded, outputs=len(sides))


def export(network: Network, directory: Path, sizes: Sequence[tuple[int, int]]) -> Path:
    """Writes `<directory>/<name>/model.onnx` and `build.sh` for those heights and widths; returns the former."""
    file = directory / network.name / "model.onnx"
    file.parent.mkdir(parents=True, exist_ok=True)
    shapes, others = network.shapes(2, *sizes[0]), network.shapes(3, sizes[0][0] + 8, sizes[0][1] + 16)
    varying = {
        name: {place: f"{name}_{place}" for place, side in enumerate(shape) if side != others[name][place]}
        for name, shape in shapes.items()
    }
    torch.onnx.export(
        network.module.eval(),
        example(shapes),
        str(file),
        dynamo=False,  # torch.export asks of every side by what it is divisible on every level of the UNet
        opset_version=OPSET,
        input_names=list(shapes),
        output_names=[f"output_{number}" for number in range(network.outputs)],
        dynamic_axes={name: axes for name, axes in varying.items() if axes},
    )
    (file.parent / "build.sh").write_text(build_script(network, sizes), "utf-8")
    return file


def example(shapes: Shapes) -> tuple[Tensor, ...]:
    """Random inputs of those shapes; a timestep of 500."""
    return tuple(torch.tensor(500) if name == "timestep" else torch.randn(shape) for name, shape in shapes.items())


def build_script(network: Network, sizes: Sequence[tuple[int, int]]) -> str:
    """A call of Polygraphy with an optimisation profile a size."""
    lines = ["#!/bin/sh", 'cd "$(dirname "$0")" && exec polygraphy convert model.onnx --fp16 -o model.plan']
    for size in sizes:
        for option, batch in zip(("min", "opt", "max"), BATCHES, strict=True):
            shapes: Mapping[str, tuple[int, ...]] = network.shapes(batch, *size)
            given = (shlex.quote(f"{name}:[{','.join(map(str, shape))}]") for name, shape in shapes.items() if shape)
            lines.append(f"  --trt-{option}-shapes " + " ".join(given))
    return " \\\n".join(lines).replace(" \\\n", "\n", 1) + "\n"


def _residual_sides(config: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Of what ControlNets add, in order: channels, and how often smaller than the latents."""
    channels, layers = config["block_out_channels"], int(config["layers_per_block"])
    sides = [(channels[0], 1)]
    for level, wide in enumerate(channels):
        sides += [(wide, 2**level)] * layers
        if level + 1 < len(channels):
            sides.append((wide, 2 ** (level + 1)))
    return [*sides, (channels[-1], 2 ** (len(channels) - 1))]


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m diffusion.export", description=__doc__)
    parser.add_argument("directory", type=Path, help="where to write")
    arguments = parser.parse_args()
    settings = env.read(Settings, prefix=PREFIX)
    loaded = models.load(settings.torch_options(), hardware.choose("cpu"))
    for network in networks(loaded):
        sys.stdout.write(f"{export(network, arguments.directory, buckets(loaded))}\n")


if __name__ == "__main__":
    main()
