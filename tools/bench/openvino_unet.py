"""What OpenVINO would gain and cost beside torch without a GPU: `python -m tools.bench.openvino_unet`.

UNet and ControlNet of the tier `cpu` at full size with random weights, at 512×384: a step in
CPU seconds, in turn with torch in one process, and what a user would pay for it: conversion, compiling, disk, memory.
Modomo itself converts and compiles in `diffusion.sd.openvino`; this compares the two in half precision.
"""

import argparse
import gc
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import torch
from torch import Tensor, nn

from tools.bench import document
from tools.bench.cpu_tier import STORE, prepare
from tools.bench.figures import Row, table

HEIGHT, WIDTH = 48, 64
"""In latents, of a canvas of 512×384; the engine draws a photo of 1024×768 at 576×448."""
STEPS: Final = 4
"""That LCM takes for a picture."""
NETS: Final = ("unet", "controlnet")
NOTES: Final = """\
CPU seconds of one thread, medians; random weights take the time of real ones. A picture's gain is what four steps of
both networks save, each compiled for its size. Disk comes to what the tier takes without OpenVINO; a new version of the
weights is converted anew."""


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """One network, traced, converted and written."""

    cpu: float
    """Seconds."""

    peak: float
    """GiB resident at most."""

    disk: float
    """GB, in half precision; counted, since the file holds equal tensors once and random weights repeat themselves."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One network in both, CPU seconds."""

    torch: float
    static: float
    """OpenVINO compiled for this picture size alone."""

    dynamic: float
    """OpenVINO compiled for any."""

    compiling: float
    """For one size."""

    difference: float
    """Largest of the answers from torch's in float32, in standard deviations of those."""

    rounding: float
    """The same of torch in bfloat16."""


class _UNet(nn.Module):
    """With residuals as arguments of their own, as a graph takes them."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net

    def forward(self, sample: Tensor, timestep: Tensor, text: Tensor, middle: Tensor, *down: Tensor) -> Tensor:
        answer: Tensor = self.net(
            sample,
            timestep,
            encoder_hidden_states=text,
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
            return_dict=False,
        )[0]
        return answer


class _ControlNet(nn.Module):
    def __init__(self, net: Any) -> None:
        super().__init__()
        net.controlnet_cond_embedding = nn.Identity()
        self.net = net

    def forward(self, sample: Tensor, timestep: Tensor, text: Tensor, condition: Tensor) -> tuple[Tensor, ...]:
        down, middle = self.net(
            sample, timestep, encoder_hidden_states=text, controlnet_cond=condition, return_dict=False
        )
        return (*down, middle)


def _net(store: Path, name: str, dtype: torch.dtype) -> Any:
    """The network, loaded as the engine loads it."""
    from diffusion.sd import checkpoints
    from servicekit.inference.hardware import Hardware
    from servicekit.weights import WeightStore

    found, hardware = WeightStore(store), Hardware(device=torch.device("cpu"), dtype=dtype)
    if name == "unet":
        return _UNet(checkpoints.load_unet(found, hardware)).eval()
    config = checkpoints.unet_config(found)
    return _ControlNet(checkpoints.load_controlnet(found, "controlnet-depth", config, hardware)).eval()


def _inputs(net: Any, name: str, dtype: torch.dtype) -> tuple[Tensor, ...]:
    """One step's, from a fixed seed."""
    config: Any = net.net.config
    random = torch.Generator().manual_seed(1)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=random).to(dtype)

    sample = drawn(1, 4, HEIGHT, WIDTH)
    start = (sample, torch.tensor([499.0]), drawn(1, 77, config.cross_attention_dim))
    widths = config.block_out_channels
    if name == "controlnet":
        return (*start, drawn(1, widths[0], HEIGHT, WIDTH))
    down = [drawn(1, widths[0], HEIGHT, WIDTH)]
    for level, width in enumerate(widths):
        height, across = HEIGHT >> level, WIDTH >> level
        down += [drawn(1, width, height, across) for _layer in range(config.layers_per_block)]
        if level + 1 < len(widths):
            down.append(drawn(1, width, height // 2, across // 2))
    return (*start, drawn(1, widths[-1], HEIGHT >> len(widths) - 1, WIDTH >> len(widths) - 1), *down)


def convert(store: Path, folder: Path, name: str) -> Conversion:
    """Traces a network in float32 and writes it in half precision."""
    import openvino

    net = _net(store, name, torch.float32)
    before = time.process_time()
    with torch.inference_mode():
        converted = openvino.convert_model(net, example_input=_inputs(net, name, torch.float32))
    openvino.save_model(converted, folder / f"{name}.xml", compress_to_fp16=True)
    return Conversion(
        cpu=time.process_time() - before,
        peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        disk=2 * sum(one.numel() for one in net.parameters()) / 1e9,
    )


def compare(store: Path, folder: Path, name: str, repeats: int) -> Comparison:
    """Both in turn, on the same inputs."""
    import openvino

    torch.set_num_threads(1)
    net = _net(store, name, torch.float32)
    inputs = _inputs(net, name, torch.float32)
    exact = _first(net(*inputs))
    net.to(torch.bfloat16)
    gc.collect()
    halves = [one.to(torch.bfloat16) if one.ndim > 1 else one for one in inputs]
    core = openvino.Core()
    core.set_property("CPU", {"INFERENCE_PRECISION_HINT": "bf16", "INFERENCE_NUM_THREADS": 1})
    model = core.read_model(folder / f"{name}.xml")
    any_size = core.compile_model(model, "CPU")
    model.reshape({port: list(one.shape) for port, one in zip(model.inputs, inputs, strict=True)})
    before = time.process_time()
    one_size = core.compile_model(model, "CPU")
    compiling = time.process_time() - before
    arrays = [one.numpy() for one in inputs]
    ways: list[Callable[[], Any]] = [lambda: net(*halves), lambda: one_size(arrays), lambda: any_size(arrays)]
    spent: list[list[float]] = [[], [], []]
    for _turn in range(repeats + 1):
        for way, seconds in zip(ways, spent, strict=True):
            before = time.process_time()
            way()
            seconds.append(time.process_time() - before)
    answer = torch.from_numpy(one_size(arrays)[0])
    eager, static, dynamic = (median(seconds[1:]) for seconds in spent)
    return Comparison(
        torch=eager,
        static=static,
        dynamic=dynamic,
        compiling=compiling,
        difference=float((answer.float() - exact).abs().max() / exact.std()),
        rounding=float((_first(net(*halves)).float() - exact).abs().max() / exact.std()),
    )


def _first(answer: Any) -> Tensor:
    found: Tensor = answer[0] if isinstance(answer, tuple) else answer
    return found


def rows_of(converted: dict[str, Conversion], compared: dict[str, Comparison]) -> list[Row]:
    """The table."""
    rows = []
    for name, one in compared.items():
        baseline = f"torch in bfloat16 {one.torch:.2f} s"
        for size, seconds in (("for this size", one.static), ("for any size", one.dynamic)):
            ratio = f"{one.torch / seconds:.2f}× as fast"
            what = f"a step of the {name}, compiled {size}"
            rows.append(Row(what=what, figure=f"{seconds:.2f} s", baseline=baseline, ratio=ratio))
        rows.append(Row(what=f"compiling the {name} for a size, at each start", figure=f"{one.compiling:.1f} s"))
        rows.append(
            Row(
                what=f"largest difference of the {name}'s answer from float32, in its standard deviations",
                figure=f"{one.difference:.3f}",
                baseline=f"torch in bfloat16 {one.rounding:.3f}",
            )
        )
    gain = STEPS * sum(one.torch - one.static for one in compared.values())
    conversion = sum(one.cpu for one in converted.values())
    rows.append(Row(what="saved of a picture's CPU time", figure=f"{gain:.1f} s"))
    rows.append(Row(what="conversion, once", figure=f"{conversion:.0f} s of CPU time"))
    peak = max(one.peak for one in converted.values())
    rows.append(Row(what="memory while converting, at most", figure=f"{peak:.1f} GiB"))
    rows.append(Row(what="disk", figure=f"{sum(one.disk for one in converted.values()):.1f} GB"))
    return rows


def _in_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """In a process of its own, whose memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_without_gradients, (function, *arguments))


def _without_gradients(function: Callable[..., Any], *arguments: Any) -> Any:
    with torch.inference_mode():
        return function(*arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line."""
    description = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m tools.bench.openvino_unet", description=description)
    parser.add_argument("--repeats", type=int, default=3, help="steps a figure, after one that is not counted")
    parser.add_argument("--store", type=Path, default=STORE, help="where the random weights lie, made if need be")
    parser.add_argument("--tiny", action="store_true", help="tiny models, to try the program out; writes no table")
    options = parser.parse_args(arguments)
    prepare(options.store, tiny=options.tiny)
    os.environ["OMP_NUM_THREADS"] = "1"  # before the processes that compare
    with tempfile.TemporaryDirectory(dir=STORE.parent) as folder:
        converted = {name: _in_process(convert, options.store, Path(folder), name) for name in NETS}
        print(converted, flush=True)
        compared = {name: _in_process(compare, options.store, Path(folder), name, options.repeats) for name in NETS}
    rows = rows_of(converted, compared)
    if options.tiny:
        print(table(rows))
        return
    command = "make bench-openvino"
    print(document.write("openvino", title="OpenVINO beside torch", command=command, rows=rows, notes=NOTES))


if __name__ == "__main__":
    main()
