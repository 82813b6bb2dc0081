"""Trains the network on rendered rooms: `python -m training.train --rooms DIR --out DIR --minutes 20`.

Goes on from DIR/checkpoint.pt where there is one. On a GPU where PyTorch has one.
"""

import argparse
import copy
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from safetensors.torch import save_file

from training.network import groups, losses
from training.network.batches import Rooms
from training.network.model import RoomNet
from training.rooms.random import ROOM_TYPES

AVERAGE = 0.998
"""How much of the running average of the weights each step keeps."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and on what."""

    steps: int
    size: int = 16
    width: int = 224
    height: int = 160
    rate: float = 2e-3
    seed: int = 1


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m training.train", description="Trains the room network.")
    parser.add_argument("--rooms", type=Path, required=True, help="folder of rooms-*.npz")
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint and the weights")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--width", type=int, default=224)
    parser.add_argument("--height", type=int, default=160)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args(arguments)
    if wanted.width % 32 or wanted.height % 32 or min(wanted.width, wanted.height, wanted.steps, wanted.batch) < 1:
        parser.error("--width and --height must be multiples of 32, --steps and --batch at least 1")
    try:
        rooms = Rooms(wanted.rooms)
    except ValueError as error:
        parser.error(str(error))
    plan = Plan(steps=wanted.steps, size=wanted.batch, width=wanted.width, height=wanted.height, seed=wanted.seed)
    train(rooms, plan, wanted.out)


def train(rooms: Rooms, plan: Plan, out: Path) -> RoomNet:
    """Runs to the last step and writes `roomnet.safetensors`; returns the averaged network."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(plan.seed)
    network = RoomNet(groups=len(groups.NAMES), types=len(ROOM_TYPES)).to(device).train()
    average = copy.deepcopy(network).eval()
    optimiser = torch.optim.AdamW(network.parameters(), lr=plan.rate, weight_decay=0.02)
    checkpoint, start = out / "checkpoint.pt", 0
    out.mkdir(parents=True, exist_ok=True)
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        start = state["step"]
    batches = rooms.batches(
        size=plan.size, width=plan.width, height=plan.height, rng=np.random.default_rng((plan.seed, start))
    )
    saved = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeRemainingColumn()) as progress:
        task = progress.add_task("Training", total=plan.steps, completed=start)
        for step in range(start, plan.steps):
            loss = _step(network, optimiser, _moved(next(batches), device), rate(plan, step))
            _follow(average, network, min(AVERAGE, (step + 1) / (step + 10)))
            progress.update(task, advance=1, description=f"Training, loss {loss:.3f}")
            if time.monotonic() - saved > 60 or step + 1 == plan.steps:
                _save(checkpoint, network, average, optimiser, step + 1)
                saved = time.monotonic()
    save_file(
        {name: tensor.contiguous().cpu() for name, tensor in average.state_dict().items()}, out / "roomnet.safetensors"
    )
    return average


def rate(plan: Plan, step: int) -> float:
    """Learning rate: up for the first twentieth, then down along a cosine."""
    warm = max(1, plan.steps // 20)
    if step < warm:
        return plan.rate * (step + 1) / warm
    return plan.rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, plan.steps - warm))))


def _step(network: RoomNet, optimiser: torch.optim.Optimizer, batch: losses.Batch, learning_rate: float) -> float:
    for group in optimiser.param_groups:
        group["lr"] = learning_rate
    loss = losses.total(network(batch.picture), batch)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch publishes no type for it
    torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimiser.step()
    return float(loss.detach())


def _moved(batch: losses.Batch, device: torch.device) -> losses.Batch:
    return losses.Batch(
        picture=batch.picture.to(device),
        labels=batch.labels.to(device),
        depth=batch.depth.to(device),
        room=batch.room.to(device),
    )


@torch.no_grad()
def _follow(average: RoomNet, network: RoomNet, keep: float) -> None:
    """Polyak averaging; counters are copied."""
    for mean, now in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(now, 1 - keep)
        else:
            mean.copy_(now)


def _save(path: Path, network: RoomNet, average: RoomNet, optimiser: torch.optim.Optimizer, step: int) -> None:
    partial = path.with_suffix(".partial")
    state = {"network": network.state_dict(), "average": average.state_dict(), "step": step}
    torch.save(state | {"optimiser": optimiser.state_dict()}, partial)
    partial.replace(path)


if __name__ == "__main__":
    main()
