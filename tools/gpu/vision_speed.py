"""Seconds a photo and peak memory of the vision models: `python -m tools.gpu.vision_speed` prints the table.

Full-size random weights made on the device, in the precision that it runs, one photo at a time at each model's working
size. Each figure is the median of several passes after two that are not counted.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any, Final

import numpy as np
import torch
from sam2.sam2_image_predictor import SAM2ImagePredictor
from torch import Tensor, nn

from servicekit.inference import hardware as devices
from servicekit.inference.hardware import Hardware

from . import full_size_vision as full

BOXES: Final = 16
"""Cut out of one photo by SAM 2.1."""


def _picture(model: Any, pixels: Tensor) -> object:
    return model(pixels)


def _named_pixels(model: Any, pixels: Tensor) -> object:
    return model(pixel_values=pixels)


def _silhouettes(model: Any, pixels: Tensor) -> object:
    predictor = SAM2ImagePredictor(model.float())
    photo = np.zeros((*pixels.shape[2:], 3), dtype=np.uint8)
    with torch.autocast(pixels.device.type, dtype=torch.float16, enabled=pixels.dtype == torch.float16):
        predictor.set_image(photo)
        return predictor.predict(
            box=np.array([[100, 100, 500, 400]] * BOXES), multimask_output=False, return_logits=True
        )


PASSES: Final[dict[str, tuple[Callable[[], nn.Module], Callable[[Any, Tensor], object], tuple[int, int]]]] = {
    "YOLO11l-seg": (full.yolo11, _picture, (480, 640)),
    "YOLOE-26L, prompt-free": (full.yoloe, _picture, (480, 640)),
    f"SAM 2.1 Hiera-S, {BOXES} boxes": (full.sam2, _silhouettes, (1024, 1024)),
    "SigLIP 2 B/16, picture tower": (full.siglip2_vision, _named_pixels, (224, 224)),
    "DPT-Large": (full.dpt, _named_pixels, (384, 384)),
    "Depth Anything V2 small": (partial(full.depth_anything, **full.DEPTH_ANYTHING_SMALL), _named_pixels, (518, 686)),
    "UPerNet ConvNeXt-B": (full.upernet, _named_pixels, (512, 672)),
}
"""Model, how it is called, and height and width of a 4:3 photo at its working size."""


def table(hardware: Hardware, *, repeat: int, names: Sequence[str] = tuple(PASSES)) -> Iterator[str]:
    """Markdown, line by line as it is measured."""
    yield "| model | photo | ms / photo | peak, GB |"
    yield "|---|---|---|---|"
    for name in names:
        build, run, (height, width) = PASSES[name]
        on_host = build in (full.yolo11, full.yoloe, full.sam2)
        with torch.device("cpu" if on_host else hardware.device):
            model = build()
        model.eval().requires_grad_(False).to(hardware.device, hardware.dtype)
        pixels = torch.rand(1, 3, height, width, device=hardware.device, dtype=hardware.dtype)
        seconds, peak = _measured(hardware, partial(run, model, pixels), repeat)
        yield f"| {name} | {width}×{height} | {1000 * seconds:.1f} | {peak / 1e9:.2f} |"
        del model, pixels
        devices.release(hardware)


@torch.inference_mode()
def _measured(hardware: Hardware, work: Callable[[], object], repeat: int) -> tuple[float, int]:
    """Median seconds, and the most that was allocated on the device; 0 on the host."""
    times = []
    for number in range(repeat + 2):
        if number == 2 and hardware.memory_bytes is not None:
            torch.cuda.reset_peak_memory_stats(hardware.device)
        hardware.synchronise()
        start = perf_counter()
        work()
        hardware.synchronise()
        times.append(perf_counter() - start)
    peak = 0 if hardware.memory_bytes is None else torch.cuda.max_memory_allocated(hardware.device)
    return median(times[2:]), peak


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.gpu.vision_speed", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--repeat", type=int, default=5, help="passes a figure")
    parser.add_argument("--models", nargs="+", choices=list(PASSES), default=list(PASSES), metavar="NAME")
    options = parser.parse_args(arguments)
    hardware = devices.choose(options.device)
    name = torch.cuda.get_device_name(hardware.device) if hardware.device.type == "cuda" else "the host's CPU"
    print(f"{name}, torch {torch.__version__}, {hardware.dtype}, random weights\n", flush=True)
    for line in table(hardware, repeat=options.repeat, names=options.models):
        print(line, flush=True)


if __name__ == "__main__":
    main()
