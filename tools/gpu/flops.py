"""Multiply-adds of one picture, counted on shapes alone: `python -m tools.gpu.flops` prints the tables.

Counted with torch's own counter (one multiply-add is two operations); needs no weights and no device. Milliseconds on a
T4 are those operations over what a T4 does of them in a second, which one published figure gives.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from diffusion.sd.deep_cache import SplitUNet
from diffusion.sd.options import Control, Structure
from diffusion.sd.recipes import STRUCTURES, Recipe
from diffusion.sd.shortcuts import Shortcuts
from servicekit.inference.hardware import Hardware

from .full_size import RandomModels, full_size

META = Hardware(device=torch.device("meta"), dtype=torch.float16)
NETS = (Control.DEPTH, Control.SEGMENTATION, Control.CANNY)
STEPS = 20
TERA = 1e12
T4_FLOPS = 65e12
"""Of its tensor cores in half precision (NVIDIA's data sheet)."""
T4_UTILISATION = 0.17
"""Share of it that Stable Diffusion reaches: diffusers' own table has 6.9 guided steps a second at 512²."""
QUALITY_STEPS = 21
"""Of the quality tier's 24 at the styles' strength, .9."""
SHORTCUTS: Mapping[str, Shortcuts] = {
    "none": Shortcuts(),
    "`CONDITIONAL_CONTROLS`": Shortcuts(conditional_controls=True),
    "`GUIDANCE_END=0.6`": Shortcuts(guidance_end=0.6),
    "`DEEP_CACHE=2`": Shortcuts(deep_cache=2),
    "`DEEP_CACHE=3`": Shortcuts(deep_cache=3),
    "the first two and `DEEP_CACHE=2`": Shortcuts(conditional_controls=True, guidance_end=0.6, deep_cache=2),
}
"""By what operators call them."""


def part_flops(models: RandomModels, side: int) -> dict[str, float]:
    """Operations of one forward pass of each part on a picture of side² pixels, batch 1, by name."""
    latents, picture = _empty(1, 4, side // 8, side // 8), _empty(1, 3, side, side)
    text, timestep = _empty(1, 77, 768), torch.zeros((), device="meta")
    net = next(iter(models.controls.values()))
    split = SplitUNet(models.unet)
    _prediction, deep = split(latents, timestep, text)
    counted = {}
    passes: dict[str, Callable[[], object]] = {
        "UNet": lambda: models.unet(latents, timestep, text),
        "UNet, its deep blocks reused": lambda: split(latents, timestep, text, deep=deep),
        "ControlNet": lambda: net(latents, timestep, text, picture),
        "ControlNet hint": lambda: net.controlnet_cond_embedding(picture),
        "VAE encode": lambda: models.vae.encode(picture),
        "VAE decode": lambda: models.vae.decode(latents),
        "TAESD decode": lambda: models.taesd.decode(latents),
        "text encoder": lambda: models.text_encoder(torch.zeros(1, 77, dtype=torch.long, device="meta")),
    }
    for name, run in passes.items():
        with FlopCounterMode(display=False) as counter, torch.inference_mode():
            run()
        counted[name] = float(counter.get_total_flops())
    return counted


def picture_flops(parts: Mapping[str, float], nets: tuple[Control, ...], *, ours: bool, steps: int = STEPS) -> float:
    """Operations of one picture with guidance: the stock pipeline's, or ours with hints made once and windows kept."""
    total = parts["VAE encode"] + parts["VAE decode"] + 2 * parts["text encoder"] + steps * 2 * parts["UNet"]
    for control in nets:
        active = sum(STRUCTURES[Structure.EDGES][control].active(step, steps) for step in range(steps))
        if ours:
            total += active * 2 * (parts["ControlNet"] - parts["ControlNet hint"]) + parts["ControlNet hint"]
        else:
            total += steps * 2 * parts["ControlNet"]
    return total


def denoising_flops(parts: Mapping[str, float], recipe: Recipe, shortcuts: Shortcuts, *, steps: int) -> float:
    """Operations of a guided pass' steps, control images embedded already."""
    total = 0.0
    for step in range(steps):
        batch = 2 if shortcuts.guided(step, steps) else 1
        if not shortcuts.whole(step):
            total += batch * parts["UNet, its deep blocks reused"]
            continue
        seen = 1 if shortcuts.conditional_controls else batch
        active = sum(schedule.active(step, steps) for schedule in recipe.values())
        total += batch * parts["UNet"] + active * seen * (parts["ControlNet"] - parts["ControlNet hint"])
    return total


def t4_milliseconds(operations: float) -> float:
    """What the model predicts for a T4."""
    return 1000 * operations / (T4_FLOPS * T4_UTILISATION)


def predictions(sides: Mapping[int, Mapping[str, float]]) -> list[str]:
    """Markdown: a step on a T4, on average over the quality tier's pass, with each shortcut."""
    columns = [(structure, side) for structure in (Structure.LINES, Structure.EDGES) for side in sides]
    lines = [
        "| a step on a T4, predicted | " + " | ".join(f"`{kind}` {side}², ms" for kind, side in columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    for name, shortcuts in SHORTCUTS.items():
        cells = []
        for structure, side in columns:
            recipe, parts = STRUCTURES[structure], sides[side]
            plain, short = (
                t4_milliseconds(denoising_flops(parts, recipe, one, steps=QUALITY_STEPS)) / QUALITY_STEPS
                for one in (Shortcuts(), shortcuts)
            )
            cells.append(f"{short:.0f} (−{100 * (1 - short / plain):.0f} %)" if short < plain else f"{short:.0f}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def tables() -> str:
    """Markdown: operations of each part, of a picture with one to three ControlNets, and what shortcuts save."""
    models = full_size(META, (Control.DEPTH,))
    sides = {side: part_flops(models, side) for side in (512, 768)}
    lines = ["| part, batch 1 | " + " | ".join(f"{side}², TFLOP" for side in sides) + " |", "|---|---|---|"]
    lines += [
        f"| {name} | " + " | ".join(f"{parts[name] / TERA:.3f}" for parts in sides.values()) + " |"
        for name in sides[512]
    ]
    lines += [
        "",
        f"| one picture, {STEPS} guided steps | stock, TFLOP | ours, TFLOP | stock / ours |",
        "|---|---|---|---|",
    ]
    for side, parts in sides.items():
        for count in range(1, len(NETS) + 1):
            stock, ours = (picture_flops(parts, NETS[:count], ours=own) for own in (False, True))
            row = f"{side}², {count} ControlNet{'s' if count > 1 else ''}"
            lines.append(f"| {row} | {stock / TERA:.1f} | {ours / TERA:.1f} | {stock / ours:.2f} |")
    lines += ["", *predictions(sides)]
    return "\n".join(lines)


def _empty(*shape: int) -> Tensor:
    return torch.empty(shape, device="meta", dtype=META.dtype)


if __name__ == "__main__":
    print(tables())
