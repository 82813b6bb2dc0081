"""What each part is worth: `python -m training.ablations --rooms DIR --out DIR --seconds 60`.

Trains one network after the other for the same time on the same rooms, each without one thing, and leaves the weights
in OUT/NAME; `training.evaluate` compares them.
"""

import argparse
import gc
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch

from training.network.batches import Changes
from training.network.store import Feeder, Store
from training.network.trainer import Plan
from training.train import capacity, train

FEW: Final = 1000
"""Rooms that the network of few rooms sees."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m training.ablations", description="Trains without one thing each.")
    parser.add_argument("--rooms", type=Path, required=True, help="folder of rooms-*.npz")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each network")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--limit", type=int, help="use no more rooms than that")
    parser.add_argument("--scale", type=float, default=1.0, help="of the pictures' sides; 1 is about 256×192")
    wanted = parser.parse_args(arguments)
    try:
        base = Plan(minutes=wanted.seconds / 60, batch=wanted.batch, scale=wanted.scale)
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        store = Store(capacity(wanted.rooms, wanted.limit, None), device)
        feeder = Feeder(wanted.rooms, store, follow=False)
        feeder.start(least=store.capacity)
    except ValueError as error:
        parser.error(str(error))
    feeder.stop()
    with tempfile.TemporaryDirectory() as scratch:  # a GPU tries its kernels out at first; nobody shall lose time by it
        train(store, replace(base, minutes=base.minutes / 5), Path(scratch))
    for name, plan in plans(base).items():
        train(store, plan, wanted.out / name)
        gc.collect()  # networks refer to themselves; their memory is wanted


def plans(base: Plan) -> dict[str, Plan]:
    """By name; the first is what the others are compared with."""
    return {
        "reference": base,
        "no_repainting": replace(base, changes=Changes(repainted=False)),
        "no_photometry": replace(base, changes=Changes(photographed=False)),
        "no_mixing": replace(base, changes=Changes(mixed=False)),
        "nothing_changed": replace(base, changes=Changes(mixed=False, repainted=False, photographed=False)),
        "few_rooms": replace(base, rooms=FEW),
        "small": replace(base, size="small"),
    }


if __name__ == "__main__":
    main()
