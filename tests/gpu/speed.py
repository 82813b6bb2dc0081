"""Seconds a picture and peak memory, ours beside the stock pipelines: `python -m tests.gpu.speed` prints the tables.

Full-size random weights made on the device; the same request for both: a photo, its maps, 20 executed steps of
DPM-Solver++ with guidance. Each figure is the median of several pictures after one that is not counted.
`--tiny --device cpu` tries the program out.
"""

import argparse
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch
from torch import nn

from diffusion.domain import Restyling, Tier
from diffusion.sd import latents, pictures
from diffusion.sd.control import ControlBranch
from diffusion.sd.latents import Autoencoder
from diffusion.sd.models import Models
from diffusion.sd.options import Control
from diffusion.sd.plan import plan
from diffusion.sd.previews import TinyViewer
from diffusion.sd.restyler import Restyler
from diffusion.sd.schedulers import Sampler
from diffusion.sd.text import TextEmbedder
from diffusion.sd.tiers import HYPER_SD, LCM, Recipe
from servicekit import hardware as devices
from servicekit.hardware import Hardware

from .full_size import SCHEDULER, RandomModels, full_size, tiny_size, tokenizer
from .requests import restyling
from .stock import StockModels, stock_arguments, stock_pipeline

NETS = (Control.DEPTH, Control.SEGMENTATION, Control.CANNY)
TWENTY = Recipe(sampler=Sampler.DPMPP_2M, steps=25)
STRENGTH = 0.8
"""Of 25 steps: 20 are executed, on the photo under noise."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measurement."""

    seconds: float
    """Median of a picture."""

    peak_bytes: int
    """Most that was allocated on the device while a picture was made, models included; 0 on the host."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What is measured, on what."""

    hardware: Hardware
    made: RandomModels
    models: Models
    stock: StockModels
    repeat: int

    def measure(self, make: Callable[[], object]) -> Figure:
        """Times whole pictures, to the end of the device's work."""
        make()
        if self.hardware.memory_bytes is not None:
            torch.cuda.reset_peak_memory_stats(self.hardware.device)
        seconds = []
        for _ in range(self.repeat):
            self.hardware.synchronise()
            start = perf_counter()
            make()
            self.hardware.synchronise()
            seconds.append(perf_counter() - start)
        peak = 0 if self.hardware.memory_bytes is None else torch.cuda.max_memory_allocated(self.hardware.device)
        return Figure(seconds=median(seconds), peak_bytes=peak)

    def ours(
        self, side: int, branches: Mapping[Control, ControlBranch], recipe: Recipe = TWENTY
    ) -> Callable[[], object]:
        """A picture by our restyler."""
        models = replace(self.models, controls=branches, recipes=dict.fromkeys(Tier, recipe), side=side)
        restyler = Restyler(models, self.hardware, variants_at_once=1)
        request = _request(side)
        return lambda: list(restyler.restyle(request))

    def theirs(self, side: int, nets: Sequence[Control]) -> Callable[[], object]:
        """The same picture by the stock pipeline. To be measured before ours, which takes the ControlNets apart."""
        models = replace(self.models, recipes=dict.fromkeys(Tier, TWENTY), side=side)
        request = _request(side)
        planned = plan(request, models)
        maps = dict(pictures.control_pictures(request.maps, planned.canvas))
        shown = {control: pictures.unit(maps[control], self.hardware) for control in nets}
        pipeline = stock_pipeline(self.stock, planned, list(nets)).to(self.hardware.device)
        arguments = stock_arguments(planned, shown, latents.generators(request.seed, 1), self.hardware)
        return lambda: pipeline(**arguments)


def bench(hardware: Hardware, *, tiny: bool, repeat: int) -> Bench:
    """Makes all models."""
    made = tiny_size(hardware, NETS) if tiny else full_size(hardware, NETS)
    with tempfile.TemporaryDirectory() as directory:
        words = tokenizer(Path(directory) / "tokenizer")
    models = Models(
        text=TextEmbedder(words, made.text_encoder),
        autoencoder=Autoencoder(made.vae),
        recipes=dict.fromkeys(Tier, TWENTY),
        unets=dict.fromkeys(Tier, made.unet),
        controls={},
        viewer=TinyViewer(made.taesd),
        scheduler=SCHEDULER,
        side=512,
        origins={},
    )
    stock = StockModels(
        tokenizer=words,
        text_encoder=made.text_encoder,
        vae=made.vae,
        unet=made.unet,
        scheduler=SCHEDULER,
        controls=made.controls,
    )
    return Bench(hardware=hardware, made=made, models=models, stock=stock, repeat=repeat)


def sizes_table(models: Mapping[str, nn.Module], hardware: Hardware) -> str:
    """Markdown: parameters and bytes of each model, in the precision that it runs in."""
    lines = [f"| model | parameters | bytes, {str(hardware.dtype).removeprefix('torch.')} |", "|---|---|---|"]
    total = 0
    for name, module in models.items():
        parameters = sum(one.numel() for one in module.parameters())
        size = sum(one.numel() * one.element_size() for one in (*module.parameters(), *module.buffers()))
        total += size
        lines.append(f"| {name} | {parameters / 1e6:,.1f} M | {size / 1e6:,.0f} MB |")
    return "\n".join([*lines, f"| all | | {total / 1e6:,.0f} MB |"])


def speed_table(machine: Bench, sides: Sequence[int], counts: Sequence[int], *, compiled: bool) -> str:
    """Markdown: seconds a picture and peak memory of every way, a row each."""
    lines = ["| side | ControlNets | way | s / picture | stock / this | peak, GB |", "|---|---|---|---|---|---|"]
    stock: dict[tuple[int, int], Figure] = {}
    for side in sides:
        for count in counts:
            stock[side, count] = machine.measure(machine.theirs(side, NETS[:count]))
            lines.append(_row(side, count, "stock diffusers", stock[side, count], stock[side, count]))
    branches = {control: ControlBranch(net) for control, net in machine.made.controls.items()}

    def add(way: str, recipe: Recipe) -> None:
        for side in sides:
            for count in counts:
                chosen = {control: branches[control] for control in NETS[:count]}
                figure = machine.measure(machine.ours(side, chosen, recipe))
                lines.append(_row(side, count, way, figure, stock[side, count]))

    add("ours", TWENTY)
    add("ours, 8 guided steps (Hyper-SD)", replace(HYPER_SD, steps=10))
    add("ours, 6 steps without guidance (LCM)", replace(LCM, steps=8))
    if compiled:
        for module in (machine.made.unet, *machine.made.controls.values()):
            module.compile()
        add("ours, compiled", TWENTY)
    return "\n".join(lines)


def _row(side: int, count: int, way: str, figure: Figure, stock: Figure) -> str:
    ratio = stock.seconds / figure.seconds
    return f"| {side}² | {count} | {way} | {figure.seconds:.2f} | {ratio:.2f} | {figure.peak_bytes / 1e9:.2f} |"


def _request(side: int) -> Restyling:
    slope = np.tile(np.linspace(0, 255, side, dtype=np.uint8), (side, 1))
    request = restyling(height=side, width=side, strength=STRENGTH)
    return replace(request, photo=np.repeat(slope[..., None], 3, axis=2))


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.gpu.speed", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--sides", type=int, nargs="+", default=[512, 768], help="pictures of side² pixels")
    parser.add_argument("--controlnets", type=int, nargs="+", default=[1, 2, 3], help="how many steer")
    parser.add_argument("--repeat", type=int, default=3, help="pictures a figure")
    parser.add_argument("--compile", action="store_true", help="measure with torch.compile as well")
    parser.add_argument("--tiny", action="store_true", help="tiny models, to try the program out")
    options = parser.parse_args(arguments)
    hardware = devices.choose(options.device)
    machine = bench(hardware, tiny=options.tiny, repeat=options.repeat)
    name = torch.cuda.get_device_name(hardware.device) if hardware.device.type == "cuda" else "the host's CPU"
    print(f"{name}, torch {torch.__version__}, {hardware.dtype}, random weights{' of tiny size' * options.tiny}\n")
    print(sizes_table(machine.made.named(), hardware), end="\n\n", flush=True)
    print(speed_table(machine, options.sides, options.controlnets, compiled=options.compile))


if __name__ == "__main__":
    main()
