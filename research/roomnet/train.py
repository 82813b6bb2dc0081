"""Trains the network on rendered rooms: `python -m research.roomnet.train --rooms DIR --out DIR --minutes 60`.

Goes on from DIR/checkpoint.pt where there is one, else from the weights named by `--from`, which may be exported ones.
On a GPU where PyTorch has one. With `--follow N` rooms may still be rendered while it trains: it begins with the first
`--least` and takes in up to N as they appear.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from torch import Tensor

from research.roomnet import dataset
from research.roomnet.export import load
from research.roomnet.network.batches import Changes
from research.roomnet.network.model import SIZES
from research.roomnet.network.shards import read
from research.roomnet.network.store import Feeder, Store
from research.roomnet.network.trainer import PARTS, Plan, Start, Trainer

SAVED: Final = 60.0
"""Seconds between two checkpoints."""

SHOWN: Final = 50
"""Steps between two looks at the loss."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m research.roomnet.train", description="Trains the room network.")
    parser.add_argument("--rooms", type=Path, required=True, help="folder of rooms-*.npz")
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint and the weights")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long; earlier runs count")
    parser.add_argument("--size", choices=SIZES, default="large")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--scale", type=float, default=1.0, help="of the pictures' sides; 1 is about 256×192")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", dest="start", type=Path, metavar="FILE", help="weights to begin with")
    parser.add_argument("--only", choices=PARTS, default="everything", help="with --from: what of it is taught")
    parser.add_argument("--steps", type=int, help="instead of --minutes: how many, earlier runs included")
    parser.add_argument("--limit", type=int, help="use no more rooms than that")
    parser.add_argument("--follow", type=int, metavar="N", help="take in rooms as they are rendered, up to N")
    parser.add_argument("--least", type=int, default=1500, help="with --follow: how many must be there to begin")
    for name in ("mixed", "repainted", "photographed"):
        parser.add_argument(f"--not-{name}", action="store_true", help="to see what that is worth")
    wanted = parser.parse_args(arguments)
    changes = Changes(
        mixed=not wanted.not_mixed, repainted=not wanted.not_repainted, photographed=not wanted.not_photographed
    )
    try:
        plan = Plan(
            minutes=wanted.minutes,
            batch=wanted.batch,
            size=wanted.size,
            rate=wanted.rate,
            seed=wanted.seed,
            scale=wanted.scale,
            only=wanted.only,
            steps=wanted.steps,
            rooms=wanted.limit,
            changes=changes,
        )
        run(wanted.rooms, plan, wanted.out, follow=wanted.follow, least=wanted.least, start=begun(wanted.start, plan))
    except ValueError as error:
        parser.error(str(error))


def begun(file: Path | None, plan: Plan) -> Start | None:
    """The network to begin with; raises ValueError where there is none, or of another size than planned."""
    if file is None:
        if plan.only != "everything":
            raise ValueError("--only needs --from: a network that knows nothing has nothing to keep")
        return None
    if not file.is_file():
        raise ValueError(f"--from: there is no {file}")
    network, known = load(file)
    if known.get("size", "large") != plan.size:
        raise ValueError(f"--from: {file} is of size {known.get('size', 'large')}, not {plan.size}")
    return Start(network=network, known=known)


def run(
    rooms: Path,
    plan: Plan,
    out: Path,
    *,
    follow: int | None = None,
    least: int = 1500,
    start: Start | None = None,
) -> Trainer:
    """Reads rooms and trains to the end; raises ValueError where there are none or the plan asks for the impossible."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    store = Store(capacity(rooms, plan.rooms, follow), device)
    feeder = Feeder(rooms, store, follow=follow is not None)
    feeder.start(least=min(least, store.capacity) if follow else store.capacity)
    try:
        return train(store, plan, out, feeder, start=start)
    finally:
        feeder.stop()


def capacity(rooms: Path, limit: int | None, follow: int | None) -> int:
    """How many rooms there may be at most; every shard but the last is as full as the first."""
    if follow:
        return follow
    shards = list(dataset.shards(rooms))
    there = len(shards) * len(read(shards[0]).room) if shards else 1
    return min(there, limit or there)


def train(store: Store, plan: Plan, out: Path, feeder: Feeder | None = None, *, start: Start | None = None) -> Trainer:
    """Steps until the time is over; writes the weights every minute and at the end."""
    trainer = Trainer(store, plan, out, start=start)
    saved, loss = time.monotonic(), torch.zeros(())
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, refresh_per_second=1) as progress:
        task = progress.add_task("Training", total=100, completed=int(100 * trainer.progress))
        while trainer.progress < 1:
            loss = trainer.advance()
            if trainer.step % SHOWN == 0:
                progress.update(task, completed=100 * trainer.progress, description=f"Training, loss {float(loss):.3f}")
            if time.monotonic() - saved > SAVED:
                _keep(trainer, loss)
                saved = time.monotonic()
                progress.console.print(
                    f"{trainer.elapsed:.0f} s, step {trainer.step}, {len(store)} rooms, loss {float(loss):.3f}"
                )
    _keep(trainer, loss)
    if feeder:
        feeder.check()  # not before: what was learned is worth more than the rooms that could not be read
    return trainer


def _keep(trainer: Trainer, loss: Tensor) -> None:
    """A loss that is no number any more has spoilt the weights: then back to those of a minute ago."""
    if bool(loss.isfinite()) or not trainer.restore():
        trainer.save()


if __name__ == "__main__":
    main()
