"""`python -m tools.gpu.memory`: writes docs/memory.md, the bytes of every model, counted."""

from pathlib import Path
from typing import Final

import torch

from diffusion.sd.options import Control, Structure
from diffusion.sd.recipes import needed, optional
from servicekit.inference.hardware import Hardware
from tools.gpu.full_size import full_size
from tools.gpu.full_size_vision import MODELS, OTHERS, parameters

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "memory.md"
MEBIBYTE: Final = 1 << 20
DEFAULT: Final = Structure.LINES
"""Which ControlNets are loaded goes by it."""

HEAD: Final = """# Memory

The weights of every model in half precision, counted from the published configurations without downloading anything:
`python -m tools.gpu.memory` makes this page. Each service loads its models once and keeps them.
"""

TAIL: Final = """
A 16 GB card (15,360 MiB on a T4) holds all of them at once, the fast tier's own UNet too, with {left:,} MiB left for
activations, so that one T4 can serve all three services; CUDA's own context takes a few hundred MiB a process beside
that. The quality tier draws at 768² and finishes at the photo's size, where the UNet sees 1,024² at most at a time, or
768² on a card that has less left when the service starts, and the autoencoder tiles of 1,024²: larger photos cost time,
not memory. Activations are measured, not counted: see BENCHMARKS.md. SAM 2.1 computes in half precision and keeps its
weights in single, twice its figure. Where activations do not fit, a request ends with RESOURCE_EXHAUSTED and the
service goes on.
"""
T4: Final = 15_360


def page() -> str:
    """The document."""
    meta = Hardware(device=torch.device("meta"), dtype=torch.float16)
    rows = [(service, name, parameters(build)) for name, (service, build) in MODELS.items()]
    loaded = tuple(control for control in Control if control in needed(DEFAULT) | optional(DEFAULT))
    for name, module in full_size(meta, loaded).named().items():
        rows.append(("diffusion", name, sum(parameter.numel() for parameter in module.parameters())))
    lines = ["", "| service | model | parameters | fp16 |", "|---|---|---:|---:|"]
    for service in dict.fromkeys(service for service, _name, _count in rows):
        own = [(name, count) for of, name, count in rows if of == service]
        lines += [_row(service, name, count) for name, count in own]
        lines.append(_row(f"**{service}**", "all of it", sum(count for _name, count in own)))
    lines.append(_row("**all services**", "", sum(count for _service, _name, count in rows)))
    lines += [
        "",
        "Other models that a setting chooses:",
        "",
        "| when | model | parameters | fp16 |",
        "|---|---|---:|---:|",
    ]
    lines += [_row(when, name, parameters(build)) for name, (when, build) in OTHERS.items()]
    named = full_size(meta, (Control.CANNY,)).named()
    for when, name in (("the fast tier's LoRA", "UNet"), ("`edges` in place of lines", "ControlNet canny")):
        lines.append(_row(when, name, sum(parameter.numel() for parameter in named[name].parameters())))
    unet = sum(parameter.numel() for parameter in named["UNet"].parameters())
    left = T4 - 2 * (unet + sum(count for _service, _name, count in rows)) // MEBIBYTE
    return HEAD + "\n".join(lines) + "\n" + TAIL.format(left=left)


def _row(first: str, name: str, count: int) -> str:
    return f"| {first} | {name} | {count / 1e6:,.1f} M | {2 * count / MEBIBYTE:,.0f} MiB |"


if __name__ == "__main__":
    DOCUMENT.write_text(page(), "utf-8")
