"""One network learning: steps, the running average of its weights, and what is kept on disk."""

import copy
import math
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file
from torch import Tensor

from research.roomnet.network import groups, losses
from research.roomnet.network.batches import Changes, draw
from research.roomnet.network.losses import Terms
from research.roomnet.network.model import SIZES, RoomNet
from research.roomnet.network.store import Store
from research.roomnet.rooms.random import ROOM_TYPES

AVERAGE: Final = 0.999
"""How much of the running average of the weights each step keeps."""


PARTS: Final = {
    "everything": ("",),
    "heads": ("lateral", "blend", "context", "labels", "shape", "coarse", "fine", "evidence", "room", "same"),
    "same": ("same",),
}
"""What can be taught alone, by the beginnings of its weights' names: the pyramid and what follows it takes a third of
the work, what tells whether neighbours belong together a fifth; all else stays as it is."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and on what."""

    minutes: float
    """Of training, those before an interruption included; the learning rate follows the clock."""

    steps: int | None = None
    """Instead of minutes: the learning rate follows the steps, and who trains on a busy machine loses nothing."""

    batch: int = 16
    size: str = "large"
    """A key of SIZES."""

    rate: float = 2e-3
    decay: float = 0.05
    seed: int = 1
    scale: float = 1.0
    """Of the pictures' sides; 1 is about 256×192."""

    only: str = "everything"
    """A key of PARTS."""

    rooms: int | None = None
    """Only the first so many; None is all."""

    changes: Changes = field(default_factory=Changes)
    terms: Terms = field(default_factory=Terms)

    def __post_init__(self) -> None:
        """Raises ValueError where a number makes no sense."""
        steps = 1 if self.steps is None else self.steps
        if min(self.minutes, self.batch, self.scale, steps) <= 0 or self.size not in SIZES:
            raise ValueError(f"minutes, batch, scale and steps must be above 0 and size one of {', '.join(SIZES)}")
        if self.only not in PARTS:
            raise ValueError(f"only one of {', '.join(PARTS)} can be taught alone")


@dataclass(frozen=True, kw_only=True)
class Start:
    """A trained network to go on from."""

    network: RoomNet
    known: dict[str, str]
    """What its file says of it."""


class Trainer:
    """Goes on from `checkpoint.pt` where the folder has one."""

    def __init__(self, store: Store, plan: Plan, out: Path, *, start: Start | None = None) -> None:
        """Goes on from `start`, or begins with a network that knows nothing; the folder's checkpoint comes before both.

        Raises RuntimeError where the checkpoint is of another network.
        """
        self._store, self._plan, self._out = store, plan, out
        device = store.device
        torch.manual_seed(plan.seed)
        blank = RoomNet(groups=len(groups.NAMES), types=len(ROOM_TYPES), size=SIZES[plan.size])
        self.network, self._known = (blank, {}) if start is None else (start.network, start.known)
        self.network = self.network.to(device)
        for name, weight in self.network.named_parameters():
            weight.requires_grad_(name.startswith(PARTS[plan.only]))
        if device.type == "cuda":
            torch.backends.cudnn.benchmark = True
            torch.set_float32_matmul_precision("high")
            self.network = self.network.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).eval()
        pairs = list(zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True))
        self._numbers = [pair for pair in pairs if pair[0].dtype.is_floating_point]
        self._counters = [pair for pair in pairs if not pair[0].dtype.is_floating_point]
        self._optimiser = torch.optim.AdamW(self._weights(), lr=plan.rate)
        self._weight = losses.weights(store.shares())
        self.step, self.elapsed = 0, 0.0
        self._clock = time.monotonic()
        out.mkdir(parents=True, exist_ok=True)
        if self._checkpoint.exists():
            self._resume()
            torch.manual_seed(plan.seed + self.step)

    @property
    def progress(self) -> float:
        """0–1 of the steps or the time."""
        if self._plan.steps is not None:
            return min(1.0, self.step / self._plan.steps)
        return min(1.0, self.elapsed / (60 * self._plan.minutes))

    def advance(self) -> Tensor:
        """One step; the loss stays where it was computed, since asking for it would make the device wait."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._plan.rate * rate(self.progress)
        self.network.train(self._plan.only == "everything")  # normalisation is left alone with the rest
        true = draw(self._store, self._plan.batch, self._plan.changes, rooms=self._plan.rooms, scale=self._plan.scale)
        with self._precision():
            said = self.network(true.picture)
        loss = losses.total(said, true, self._weight, self._plan.terms)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch publishes no type for it
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self._optimiser.step()
        self._follow()
        self.step += 1
        now = time.monotonic()
        self.elapsed, self._clock = self.elapsed + now - self._clock, now
        return loss.detach()

    def save(self, *, checkpoint: bool = True) -> None:
        """The averaged weights, and all that is needed to go on."""
        about = {"steps": str(self.step), "seed": str(self._plan.seed), "batch": str(self._plan.batch)}
        about |= {"rooms": str(min(len(self._store), self._plan.rooms or len(self._store)))}
        about |= {"seconds": f"{self.elapsed:.0f}"}
        if self._plan.only != "everything":  # how all else was trained is told as well
            about = self._known | {f"{self._plan.only}_{name}": value for name, value in about.items()}
        about |= {"size": self._plan.size, "scale": str(self._plan.scale)}
        state = {name: tensor.contiguous().cpu() for name, tensor in self.average.state_dict().items()}
        partial = self.weights.with_suffix(".partial")
        save_file(state, partial, metadata=about)
        partial.replace(self.weights)
        if checkpoint:
            partial = self._checkpoint.with_suffix(".partial")
            torch.save(self._state(), partial)
            partial.replace(self._checkpoint)

    def restore(self) -> bool:
        """Back to the last checkpoint; False where there is none. The clock goes on."""
        if not self._checkpoint.exists():
            return False
        elapsed = self.elapsed
        self._resume()
        self.elapsed = elapsed
        torch.manual_seed(self._plan.seed + self.step + 7)
        return True

    @property
    def weights(self) -> Path:
        """Where the averaged weights are kept."""
        return self._out / "roomnet.safetensors"

    @property
    def _checkpoint(self) -> Path:
        return self._out / "checkpoint.pt"

    def _weights(self) -> list[dict[str, Any]]:
        """Convolutions decay; biases and normalisation do not."""
        learning = [one for one in self.network.parameters() if one.requires_grad]
        shrinking = [one for one in learning if one.dim() > 1]
        free = [one for one in learning if one.dim() <= 1]
        return [
            {"params": shrinking, "weight_decay": self._plan.decay},
            {"params": free, "weight_decay": 0.0},
        ]

    def _precision(self) -> AbstractContextManager[Any]:
        """16 bits where hardware multiplies them: half the time on CPUs that do."""
        kind = self._store.device.type
        if kind == "cuda" or torch.cpu._is_avx512_bf16_supported():
            return torch.autocast(kind, dtype=torch.bfloat16)
        return nullcontext()

    @torch.no_grad()
    def _follow(self) -> None:
        """Polyak averaging; counters are copied."""
        keep = min(AVERAGE, (self.step + 1) / (self.step + 10))
        torch._foreach_lerp_([mean for mean, _ in self._numbers], [now for _, now in self._numbers], 1 - keep)
        for mean, now in self._counters:
            mean.copy_(now)

    def _state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "step": self.step,
            "elapsed": self.elapsed,
        }

    def _resume(self) -> None:
        state = torch.load(self._checkpoint, map_location=self._store.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.step, self.elapsed = state["step"], state["elapsed"]


def rate(progress: float) -> float:
    """Share of the learning rate: up for the first twenty-fifth, then down along a cosine."""
    warm = 0.04
    if progress < warm:
        return 0.05 + 0.95 * progress / warm
    return 0.005 + 0.995 * 0.5 * (1 + math.cos(math.pi * (progress - warm) / (1 - warm)))
