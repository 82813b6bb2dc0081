"""What the settings that make steps cheaper do to a picture, and its seconds: `python -m tools.gpu.shortcuts`.

The same request with and without each: seconds, and how far the picture is from that of the plain loop, on a scale of 0
to 1. Random weights, as `tools.gpu.speed`: seconds are those of real ones, and a difference says that a setting changes
pictures, not how they look. Graphs are captured on CUDA alone; `--compile` adds torch.compile.
`--tiny --device cpu` gives the differences without a GPU.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import torch
from torch import nn

from diffusion.domain import Result, Tier
from diffusion.sd.control import ControlBranch
from diffusion.sd.deep_cache import SplitUNet
from diffusion.sd.graphs import CudaCapture, use_compiler, use_graphs
from diffusion.sd.letterbox import BUCKET, MULTIPLE
from diffusion.sd.options import Control
from diffusion.sd.pipeline import RestylingPipeline
from diffusion.sd.shortcuts import Shortcuts
from servicekit.imaging.arrays import RGB
from servicekit.inference import hardware as devices

from .bench import TWENTY, Bench, Figure, bench, request
from .flops import SHORTCUTS

ALL: Final = list(SHORTCUTS)[-1]


class Comparing:
    """Makes one request in several ways."""

    def __init__(self, machine: Bench, side: int) -> None:
        self._machine = machine
        self._side = side
        self._branches = {control: ControlBranch(net) for control, net in machine.made.controls.items()}
        self._split = SplitUNet(machine.made.unet)
        self._plain: tuple[Figure, RGB] | None = None

    @property
    def modules(self) -> list[nn.Module]:
        """What runs in every step."""
        return [self._machine.made.unet, self._split, *self._machine.made.controls.values()]

    def row(self, name: str, shortcuts: Shortcuts) -> str:
        """Markdown; the first row is what the others are compared with."""
        figure, picture = self._made(shortcuts)
        plain, expected = self._plain = self._plain or (figure, picture)
        apart = np.abs(picture.astype(np.float32) - expected) / 255
        ratio = plain.seconds / figure.seconds
        peak = figure.peak_bytes / 1e9
        return f"| {name} | {figure.seconds:.2f} | {ratio:.2f} | {apart.mean():.3f} | {apart.max():.3f} | {peak:.2f} |"

    def _made(self, shortcuts: Shortcuts) -> tuple[Figure, RGB]:
        models = replace(
            self._machine.models,
            controls=self._branches,
            presets=dict.fromkeys(Tier, replace(TWENTY, shortcuts=shortcuts)),
            sides=dict.fromkeys(Tier, self._side),
            split_unets=dict.fromkeys(Tier, self._split),
        )
        pipeline = RestylingPipeline(models, self._machine.hardware, variants_at_once=1)
        pictures: list[RGB] = []

        def picture() -> None:
            *_steps, last = pipeline.restyle(request(self._side))
            assert isinstance(last, Result)
            pictures.append(last.images[0])

        return self._machine.measure(picture), pictures[-1]


def rows(machine: Bench, side: int, *, compiled: bool, alone: bool) -> Iterator[str]:
    """Markdown, line by line as it is measured; `alone` compares the compiler with the plain loop and nothing else."""
    comparing = Comparing(machine, side)
    yield "| setting | s / picture | plain / this | mean difference | greatest | peak, GB |"
    yield "|---|---:|---:|---:|---:|---:|"
    chosen = [next(iter(SHORTCUTS))] if alone else list(SHORTCUTS)
    for name in chosen:
        shortcuts = SHORTCUTS[name]
        yield comparing.row(name, shortcuts)

    def both(what: str, switch: Callable[[], None]) -> Iterator[str]:
        switch()
        yield comparing.row(what, Shortcuts())
        if not alone:
            yield comparing.row(f"{what} and {ALL}", SHORTCUTS[ALL])
        for module in comparing.modules:
            module.__dict__.pop("forward", None)

    device = machine.hardware.device
    if device.type == "cuda" and not alone:
        capture, bucket = CudaCapture(device), BUCKET // MULTIPLE
        yield from both("`CUDA_GRAPHS`", lambda: use_graphs(comparing.modules, capture, bucket=bucket))
    if compiled:
        yield from both(
            "`COMPILE` and `CUDA_GRAPHS`", lambda: use_compiler(comparing.modules, graphs=device.type == "cuda")
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m tools.gpu.shortcuts", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--side", type=int, default=512, help="pictures of side² pixels")
    parser.add_argument("--repeat", type=int, default=3, help="pictures a figure")
    parser.add_argument("--compile", action="store_true", help="torch.compile as well")
    parser.add_argument("--alone", action="store_true", help="the plain loop and, with --compile, the compiled one")
    parser.add_argument("--tiny", action="store_true", help="tiny models")
    options = parser.parse_args(arguments)
    hardware = devices.choose(options.device)
    torch.manual_seed(3)
    machine = bench(hardware, tiny=options.tiny, repeat=options.repeat, nets=(Control.DEPTH, Control.SEGMENTATION))
    name = torch.cuda.get_device_name(hardware.device) if hardware.device.type == "cuda" else "the host's CPU"
    print(f"{name}, torch {torch.__version__}, {hardware.dtype}, random weights{' of tiny size' * options.tiny}\n")
    for line in rows(machine, 64 if options.tiny else options.side, compiled=options.compile, alone=options.alone):
        print(line, flush=True)


if __name__ == "__main__":
    main()
