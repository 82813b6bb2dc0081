"""Seconds and peak memory of every tier and mode, beside stock diffusers: `python -m tools.gpu.modes` prints the table.

Full-size random weights made on the device, with the ControlNets of the default structure, IP-Adapter and TAESD; a
photo of 1024×768 with all maps. Stock makes a request's first pass, in one way where there is one: a second pass, and
the look of a picture, it has none of. Each figure is the median of several pictures after one that is not counted.
`--tiny --device cpu` tries the program out.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import torch
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from diffusion.domain import Restyling, Result, Tier
from diffusion.sd import latents, tensors
from diffusion.sd.control import ControlBranch
from diffusion.sd.letterbox import BUCKET
from diffusion.sd.mlsd import LineDetector, MlsdTiny
from diffusion.sd.models import Models
from diffusion.sd.options import MOST_FINISHED, Control, Structure
from diffusion.sd.pipeline import RestylingPipeline
from diffusion.sd.plan import plan
from diffusion.sd.style_adapter import StyleAdapter, parts_of
from diffusion.sd.tiers import LCM, QUALITY
from servicekit.imaging.arrays import RGB
from servicekit.inference import hardware as devices
from servicekit.types.modes import RoomMode
from tests.fixtures import tiny_diffusion

from .bench import Bench, Figure, bench
from .requests import restyling
from .stock import stock_arguments, stock_pipeline

NETS: Final = (Control.SEGMENTATION, Control.MLSD, Control.DEPTH, Control.INPAINT, Control.TILE)
VIT_H: Final[Mapping[str, Any]] = {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 16,
    "image_size": 224,
    "patch_size": 14,
    "projection_dim": 1024,
}
"""IP-Adapter's image encoder."""
TINY_VIT: Final[Mapping[str, Any]] = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "image_size": 32,
    "patch_size": 8,
    "projection_dim": 24,
}


@dataclass(frozen=True, kw_only=True)
class Way:
    """A request that is measured."""

    name: str
    request: Restyling

    finished_side: int = 0
    """Long side up to which a second pass draws detail; 0 for one pass."""

    stock: bool = True
    """Whether stock diffusers have a way to make it."""


def ways(height: int, width: int) -> Iterator[Way]:
    """Every tier and mode, on a photo of that size."""
    usual = restyling(height=height, width=width, strength=0.9, repaint_openings=True)
    region = np.zeros((height, width), dtype=np.bool_)
    region[height // 4 : height // 2, width // 4 : width // 2] = True
    yield Way(name="fast (LCM)", request=replace(usual, tier=Tier.FAST))
    yield Way(name="quality, one pass", request=usual)
    yield Way(name="quality, two passes", request=usual, finished_side=MOST_FINISHED, stock=False)
    yield Way(name="a region kept", request=replace(usual, keep=region))
    yield Way(name="stage", request=replace(usual, mode=RoomMode.STAGE))
    yield Way(name="declutter", request=replace(usual, mode=RoomMode.DECLUTTER, remove=region))
    yield Way(name="style image", request=replace(usual, style_image=usual.photo), stock=False)
    yield Way(name="four variants", request=replace(usual, variants=4), stock=False)


def models_of(machine: Bench, *, tiny: bool) -> Models:
    """All models for all modes, without ControlNets."""
    hardware, unet = machine.hardware, machine.made.unet
    with hardware.device:
        detector = MlsdTiny().eval().requires_grad_(False)
        encoder: Any = CLIPVisionModelWithProjection(CLIPVisionConfig(**(TINY_VIT if tiny else VIT_H)))
        weights = tiny_diffusion.style_adapter(unet, image_width=encoder.config.projection_dim)
    encoder = encoder.eval().requires_grad_(False).to(hardware.dtype)
    adapter = StyleAdapter(encoder, parts_of(weights, hardware), hardware)
    adapter.fit([unet])
    side = 64 if tiny else 512
    return replace(
        machine.models,
        presets={Tier.QUALITY: replace(QUALITY, steps=4) if tiny else QUALITY, Tier.FAST: replace(LCM, lora="")},
        detector=LineDetector(detector, hardware),
        style_adapter=adapter,
        structure=Structure.LINES,
        sides={Tier.QUALITY: side * 3 // 2, Tier.FAST: side},
        bucket=8 if tiny else BUCKET,
        window=side * 2,
    )


def theirs(machine: Bench, models: Models, request: Restyling) -> Callable[[], object]:
    """A request's first pass by the stock pipeline. To be measured before ours, which takes the ControlNets apart."""
    hardware = machine.hardware
    planned = plan(request, models)
    one = planned.passes[0]
    images = tensors.control_images(one.recipe, request, planned.start, one.letterbox, models.detector)
    shown = {control: tensors.unit(image, hardware) for control, image in images}
    kept = planned.letterboxed_keep(one)
    if kept is not None and Control.INPAINT in one.recipe:
        photo = tensors.unit(planned.start, hardware)
        shown[Control.INPAINT] = tensors.masked(photo, tensors.keep_tensor(kept, hardware))
    pipeline = stock_pipeline(machine.stock, one, list(shown)).to(hardware.device)
    arguments = stock_arguments(planned, shown, latents.generators(request.seed, request.variants), hardware)
    return lambda: pipeline(**arguments)


def table(machine: Bench, *, tiny: bool, height: int, width: int) -> Iterator[str]:
    """Markdown, line by line as it is measured."""
    models = models_of(machine, tiny=tiny)
    all_ways = list(ways(height, width))
    stock: dict[str, Figure] = {}
    for way in all_ways:
        if way.stock:
            stock[way.name] = machine.measure(theirs(machine, models, way.request))
    models = replace(models, controls={control: ControlBranch(net) for control, net in machine.made.controls.items()})
    yield "| mode | passes | steps | s / picture | stock, its first pass | stock / this | peak, GB |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for way in all_ways:
        yield _row(machine, replace(models, finished_side=way.finished_side), way, stock.get(way.name))
    yield _group_row(machine, models, all_ways[1])


def _row(machine: Bench, models: Models, way: Way, stock: Figure | None) -> str:
    pipeline = RestylingPipeline(models, machine.hardware, variants_at_once=1)
    made: list[Result] = []

    def picture() -> None:
        made.append(_result(pipeline, way.request))

    figure = machine.measure(picture)
    passes = " + ".join(f"{one.stage} {one.width}×{one.height}" for one in made[-1].manifest.passes)
    return _line(way.name, passes, made[-1].manifest.steps, figure, stock)


def _group_row(machine: Bench, models: Models, way: Way) -> str:
    """Two photos of one room: the second has the look of the first one's result."""
    pipeline = RestylingPipeline(models, machine.hardware, variants_at_once=1)
    steps: list[int] = []

    def pair() -> None:
        first: RGB = _result(pipeline, way.request).images[0]
        steps.append(_result(pipeline, replace(way.request, style_image=first)).manifest.steps)

    figure = machine.measure(pair)
    return _line("group of two photos", "each as one pass", 2 * steps[-1], figure, None)


def _result(pipeline: RestylingPipeline, request: Restyling) -> Result:
    *_steps, last = pipeline.restyle(request)
    assert isinstance(last, Result)
    return last


def _line(name: str, passes: str, steps: int, figure: Figure, stock: Figure | None) -> str:
    beside = ("", "") if stock is None else (f"{stock.seconds:.2f}", f"{stock.seconds / figure.seconds:.2f}")
    peak = figure.peak_bytes / 1e9
    return f"| {name} | {passes} | {steps} | {figure.seconds:.2f} | {beside[0]} | {beside[1]} | {peak:.2f} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m tools.gpu.modes", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--repeat", type=int, default=5, help="pictures a figure")
    parser.add_argument("--tiny", action="store_true", help="tiny models and a small photo, to try the program out")
    options = parser.parse_args(arguments)
    hardware = devices.choose(options.device)
    machine = bench(hardware, tiny=options.tiny, repeat=options.repeat, nets=NETS)
    name = torch.cuda.get_device_name(hardware.device) if hardware.device.type == "cuda" else "the host's CPU"
    print(f"{name}, torch {torch.__version__}, {hardware.dtype}, random weights{' of tiny size' * options.tiny}\n")
    height, width = (96, 128) if options.tiny else (768, 1024)
    for line in table(machine, tiny=options.tiny, height=height, width=width):
        print(line, flush=True)


if __name__ == "__main__":
    main()
