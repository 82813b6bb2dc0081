"""What each part is worth: `python -m research.roomnet.ablations --rooms DIR --unseen DIR --out DIR --steps 1500`.

Trains one network after the other for as many steps on the same rooms, each without one thing, and judges all of them
as `research.roomnet.evaluate` does. Leaves the weights in OUT/NAME, `report.json` and `report.md` in OUT. Goes on where
it was interrupted. The reference is trained from several seeds: what they differ by is what differences have to exceed.
"""

import argparse
import gc
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from research.roomnet import evaluate
from research.roomnet.network.batches import Changes
from research.roomnet.network.losses import Terms
from research.roomnet.network.trainer import Plan
from research.roomnet.train import train

ANOTHER: Final = {"tiny": "small", "small": "large", "large": "small"}
"""The size that each is compared with."""

COLUMNS: Final = (
    ("mean IoU, rendered", "rendered", "mean_iou"),
    ("mean IoU, hard", "hard", "mean_iou"),
    ("mean IoU, real", "real", "mean_iou"),
    ("AbsRel, rendered", "rendered", "depth_error"),
    ("AbsRel, real", "real", "depth_error"),
    ("Spearman, real", "real", "spearman"),
    ("room type, rendered", "rendered", "room_type"),
    ("room type, real", "real", "room_type"),
)
"""Heads of the table, and where in a network's report the figure stands."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m research.roomnet.ablations", description="Trains without one thing each."
    )
    parser.add_argument("--rooms", type=Path, required=True, help="folder of rooms-*.npz")
    parser.add_argument("--unseen", type=Path, required=True, help="folder of rooms-*.npz to judge by")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and report")
    parser.add_argument("--steps", type=int, default=1500, help="of each network")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", choices=ANOTHER, default="tiny")
    parser.add_argument("--scale", type=float, default=0.5, help="of the pictures' sides; 1 is about 256×192")
    parser.add_argument("--seeds", type=int, default=3, help="of the reference")
    parser.add_argument("--limit", type=int, help="use no more rooms than that")
    wanted = parser.parse_args(arguments)
    try:
        base = Plan(minutes=1, batch=wanted.batch, size=wanted.size, scale=wanted.scale)
        store = evaluate.stored(wanted.rooms, wanted.limit)
        unseen = evaluate.stored(wanted.unseen, None)
        wanted_plans = plans(base, steps=wanted.steps, rooms=len(store), seeds=wanted.seeds)
    except ValueError as error:
        parser.error(str(error))
    report: dict[str, Mapping[str, Any]] = {}
    for name, plan in wanted_plans.items():
        weights = train(store, plan, wanted.out / name).weights
        gc.collect()  # networks refer to themselves; their memory is wanted
        report[name] = evaluate.judged(weights, unseen)
        (wanted.out / "report.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
        (wanted.out / "report.md").write_text(table(report), encoding="utf-8")
    Console().print(table(report), soft_wrap=True)


def plans(base: Plan, *, steps: int, rooms: int, seeds: int) -> dict[str, Plan]:
    """By name: first the references, one a seed, then what lacks one thing each, and what has more or less."""
    base = replace(base, steps=steps)
    references = {f"reference_{seed}": replace(base, seed=seed) for seed in range(base.seed, base.seed + seeds)}
    return references | {
        "no_photometry": replace(base, changes=Changes(photographed=False)),
        "no_views": replace(base, changes=Changes(viewed=False)),
        "no_repainting": replace(base, changes=Changes(repainted=False)),
        "no_mixing": replace(base, changes=Changes(mixed=False)),
        "half_the_rooms": replace(base, rooms=max(1, rooms // 2)),
        "groups_alone": replace(base, terms=Terms(depth=False, room=False)),
        "cross_entropy_alone": replace(base, terms=Terms(rarity=False, surfaces=False, overlap=False)),
        "no_attention": replace(base, size=f"{base.size}_unattentive"),
        "nothing_changed": replace(
            base, changes=Changes(viewed=False, mixed=False, repainted=False, photographed=False)
        ),
        "half_the_steps": replace(base, steps=max(1, steps // 2)),
        "another_size": replace(base, size=ANOTHER[base.size]),
        "larger_pictures": replace(base, scale=1.5 * base.scale),
    }


def table(report: Mapping[str, Mapping[str, Any]]) -> str:
    """A row for every network in Markdown; shares of 1, empty where no real photo was at hand."""
    rows = [f"| | {' | '.join(head for head, _, _ in COLUMNS)} |", "|" + "---|" * (len(COLUMNS) + 1)]
    for name, marks in report.items():
        values = [marks.get(where, {}).get(what) for _, where, what in COLUMNS]
        cells = " | ".join("" if value is None else f"{value:.3f}" for value in values)
        rows.append(f"| {name.replace('_', ' ')} | {cells} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
