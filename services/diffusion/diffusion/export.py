"""`python -m diffusion.export DIRECTORY`: writes UNets and ControlNets as ONNX models, with a TensorRT build script.

Each model serves all buckets of sizes: batch, height and width vary. `<model>/build.sh` has Polygraphy build an engine
of it with one optimisation profile a bucket that the service draws at. The settings are the service's own; models are
exported in fp32 on the CPU, since TensorRT chooses precisions itself. docs/tensorrt.md tells what the files are for.
"""

import argparse
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch

from diffusion.domain import Tier
from diffusion.sd import models
from diffusion.sd.control import ControlBranch
from diffusion.sd.letterbox import MULTIPLE, letterbox
from diffusion.sd.models import Models
from diffusion.sd.traceable import Network, control_network, example, unet_network
from diffusion.settings import PREFIX, Settings
from servicekit.config import env
from servicekit.inference import hardware

OPSET: Final = 18
BATCHES: Final = (1, 2, 8)
"""Least, usual and greatest: one picture without guidance, one with it, four variants with it."""
RATIOS: Final = ((1, 1), (3, 4), (4, 3), (2, 3), (3, 2), (9, 16), (16, 9))
"""Height to width of usual photos."""


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
    unets: Mapping[Tier, Any] = loaded.unets
    for unet in dict.fromkeys(unets.values()):
        names = [tier for tier, one in unets.items() if one is unet]
        yield unet_network("-".join(["unet", *names]), unet, unet.config)
    for control, branch in loaded.controls.items():
        if isinstance(branch, ControlBranch):
            net, _embedding = branch.modules
            yield control_network(f"controlnet-{control}", net, net.config)


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


def build_script(network: Network, sizes: Sequence[tuple[int, int]]) -> str:
    """A call of Polygraphy with an optimisation profile a size."""
    lines = ["#!/bin/sh", 'cd "$(dirname "$0")" && exec polygraphy convert model.onnx --fp16 -o model.plan']
    for size in sizes:
        for option, batch in zip(("min", "opt", "max"), BATCHES, strict=True):
            shapes: Mapping[str, tuple[int, ...]] = network.shapes(batch, *size)
            given = (shlex.quote(f"{name}:[{','.join(map(str, shape))}]") for name, shape in shapes.items() if shape)
            lines.append(f"  --trt-{option}-shapes " + " ".join(given))
    return " \\\n".join(lines).replace(" \\\n", "\n", 1) + "\n"


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m diffusion.export", description=__doc__)
    parser.add_argument("directory", type=Path, help="where to write")
    arguments = parser.parse_args()
    settings = env.read(Settings, prefix=PREFIX)
    loaded = models.load(replace(settings.torch_options(), backend="torch"), hardware.choose("cpu"))
    for network in networks(loaded):
        sys.stdout.write(f"{export(network, arguments.directory, buckets(loaded))}\n")


if __name__ == "__main__":
    main()
