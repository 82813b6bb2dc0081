"""Multiply-adds of one picture, counted on shapes alone: `python -m tools.gpu.flops` prints the tables.

Counted with torch's own counter (one multiply-add is two operations); needs no weights and no device.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from diffusion.sd.options import Control, Structure
from diffusion.sd.recipes import STRUCTURES
from servicekit.inference.hardware import Hardware

from .full_size import RandomModels, full_size

META = Hardware(device=torch.device("meta"), dtype=torch.float16)
NETS = (Control.DEPTH, Control.SEGMENTATION, Control.CANNY)
STEPS = 20
TERA = 1e12


def part_flops(models: RandomModels, side: int) -> dict[str, float]:
    """Operations of one forward pass of each part on a picture of side² pixels, batch 1, by name."""
    latents, picture = _empty(1, 4, side // 8, side // 8), _empty(1, 3, side, side)
    text, timestep = _empty(1, 77, 768), torch.zeros((), device="meta")
    net = next(iter(models.controls.values()))
    counted = {}
    passes: dict[str, Callable[[], object]] = {
        "UNet": lambda: models.unet(latents, timestep, text),
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


def tables() -> str:
    """Markdown: operations of each part, and of a picture with one to three ControlNets."""
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
    return "\n".join(lines)


def _empty(*shape: int) -> Tensor:
    return torch.empty(shape, device="meta", dtype=META.dtype)


if __name__ == "__main__":
    print(tables())
