"""Seconds a picture and peak memory, ours beside the stock pipelines: `python -m tools.gpu.speed` prints the tables.

Full-size random weights made on the device; the same request for both: a photo, its maps, 20 executed steps of
DPM-Solver++ with guidance; both hold their weights in torch's channels-last order. Each figure is the median of several
pictures after one that is not counted. `--tiny --device cpu` tries the program out.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import torch
from torch import nn

from diffusion.sd.control import ControlBranch
from diffusion.sd.pipeline import RestylingPipeline
from diffusion.sd.tiers import HYPER_SD, LCM, SamplingPreset
from servicekit.inference import hardware as devices
from servicekit.inference.hardware import Hardware

from .bench import NETS, TWENTY, Bench, Figure, Unskipping, bench


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


def speed_table(
    machine: Bench, sides: Sequence[int], counts: Sequence[int], *, variants: int, compiled: bool
) -> Iterator[str]:
    """Markdown, line by line as it is measured: seconds a picture and peak memory of every way, a row each."""
    yield "| side | ControlNets | way | s / picture | stock / this | peak, GB |"
    yield "|---|---|---|---|---|---|"
    stock: dict[tuple[int, int], Figure] = {}
    for side in sides:
        for count in counts:
            stock[side, count] = machine.measure(machine.theirs(side, NETS[:count]))
            yield _row(side, count, "stock diffusers", stock[side, count], stock[side, count])
    branches = {control: ControlBranch(net) for control, net in machine.made.controls.items()}

    def rows(
        way: str, preset: SamplingPreset, kind: type[RestylingPipeline] = RestylingPipeline, variants: int = 1
    ) -> Iterator[str]:
        for side in sides:
            for count in counts:
                chosen = {control: branches[control] for control in NETS[:count]}
                whole = machine.measure(machine.ours(side, chosen, preset, kind=kind, variants=variants))
                yield _row(side, count, way, replace(whole, seconds=whole.seconds / variants), stock[side, count])

    yield from rows("ours", TWENTY)
    yield from rows("ours, every ControlNet in every step", TWENTY, Unskipping)
    yield from rows("ours, 8 guided steps (Hyper-SD)", replace(HYPER_SD, steps=10))
    yield from rows("ours, 6 steps without guidance (LCM)", replace(LCM, steps=8))
    if variants > 1:
        yield from rows(f"ours, {variants} variants in one batch", TWENTY, variants=variants)
    if compiled:
        for module in (machine.made.unet, *machine.made.controls.values()):
            module.compile()
        yield from rows("ours, compiled", TWENTY)


def _row(side: int, count: int, way: str, figure: Figure, stock: Figure) -> str:
    ratio = stock.seconds / figure.seconds
    return f"| {side}² | {count} | {way} | {figure.seconds:.2f} | {ratio:.2f} | {figure.peak_bytes / 1e9:.2f} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(prog="python -m tools.gpu.speed", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--sides", type=int, nargs="+", default=[512, 768], help="pictures of side² pixels")
    parser.add_argument("--controlnets", type=int, nargs="+", default=[1, 2, 3], help="how many steer")
    parser.add_argument("--repeat", type=int, default=3, help="pictures a figure")
    parser.add_argument("--variants", type=int, default=1, help="measure so many in one batch as well")
    parser.add_argument("--compile", action="store_true", help="measure with torch.compile as well")
    parser.add_argument("--tiny", action="store_true", help="tiny models, to try the program out")
    options = parser.parse_args(arguments)
    hardware = devices.choose(options.device)
    machine = bench(hardware, tiny=options.tiny, repeat=options.repeat)
    name = torch.cuda.get_device_name(hardware.device) if hardware.device.type == "cuda" else "the host's CPU"
    print(f"{name}, torch {torch.__version__}, {hardware.dtype}, random weights{' of tiny size' * options.tiny}\n")
    print(sizes_table(machine.made.named(), hardware), end="\n\n", flush=True)
    table = speed_table(
        machine, options.sides, options.controlnets, variants=options.variants, compiled=options.compile
    )
    for line in table:
        print(line, flush=True)


if __name__ == "__main__":
    main()
