"""`python -m tools.gpu.memory`: writes docs/memory.md, the bytes of every model, counted."""

from pathlib import Path
from typing import Final

import torch

from servicekit.inference.hardware import Hardware
from tools.gpu.full_size import full_size
from tools.gpu.full_size_vision import MODELS, OTHERS, parameters

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "memory.md"
MEBIBYTE: Final = 1 << 20

HEAD: Final = """# Memory

The weights of every model in half precision, counted from the published configurations without downloading anything:
`python -m tools.gpu.memory` makes this page. Each service loads its models once and keeps them.
"""

TAIL: Final = """
A 16 GB card holds all of them at once with more than half of it left for activations, so that one T4 can serve all
three services; CUDA's own context takes a few hundred MiB a process beside that. Activations at 512² are measured, not
counted: see BENCHMARKS.md. SAM 2.1 computes in half precision and keeps its weights in single, twice its figure. Where
activations do not fit, a request ends with RESOURCE_EXHAUSTED and the service goes on.
"""


def page() -> str:
    """The document."""
    meta = Hardware(device=torch.device("meta"), dtype=torch.float16)
    rows = [(service, name, parameters(build)) for name, (service, build) in MODELS.items()]
    for name, module in full_size(meta).named().items():
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
    return HEAD + "\n".join(lines) + "\n" + TAIL


def _row(first: str, name: str, count: int) -> str:
    return f"| {first} | {name} | {count / 1e6:,.1f} M | {2 * count / MEBIBYTE:,.0f} MiB |"


if __name__ == "__main__":
    DOCUMENT.write_text(page(), "utf-8")
