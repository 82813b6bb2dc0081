"""Rooms in the memory of the device that trains, which may grow while it does."""

import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from research.roomnet import dataset
from research.roomnet.network import shards
from research.roomnet.network.shards import Stack

_READERS: Final = 4

_PAUSE: Final = 0.5
"""Seconds between two looks for new shards."""


class Store:
    """Up to `capacity` rooms, and how many there are by now. Writing and drawing may happen in two threads."""

    def __init__(self, capacity: int, device: torch.device) -> None:
        if capacity < 1:
            raise ValueError("a store needs room for at least one example")
        self.capacity, self.device = capacity, device
        self._arrays: dict[str, Tensor] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, stack: Stack) -> None:
        """As many as there is room for; raises ValueError where their size is another than before."""
        room = min(len(stack.image), self.capacity - self._count)
        for field in fields(stack):
            new = torch.from_numpy(getattr(stack, field.name)[:room])
            if field.name not in self._arrays:
                shape = (self.capacity, *new.shape[1:])
                self._arrays[field.name] = torch.empty(shape, dtype=new.dtype, device=self.device)
            held = self._arrays[field.name]
            if held.shape[1:] != new.shape[1:]:
                raise ValueError(f"pictures of {tuple(new.shape[1:])} among pictures of {tuple(held.shape[1:])}")
            held[self._count : self._count + room] = new.to(self.device)
        self._count += room  # last: whoever draws sees whole rooms only

    def rows(self, numbers: Tensor) -> dict[str, Tensor]:
        """These rooms, by the names of Stack's fields."""
        return {name: array[numbers] for name, array in self._arrays.items()}

    def shares(self) -> Tensor:
        """Share of the pixels that each group has among the first thousand rooms, 256 numbers; IGNORED is the last."""
        counts = torch.bincount(self._arrays["groups"][: min(self._count, 1000)].flatten().int(), minlength=256)
        return counts / counts.sum()


class Feeder:
    """Reads the shards of a folder into a store, and those that appear later if asked to."""

    def __init__(self, folder: Path, store: Store, *, follow: bool) -> None:
        self._folder, self._store, self._follow = folder, store, follow
        self._stopped = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="feeder", daemon=True)

    def start(self, *, least: int) -> None:
        """Returns once `least` rooms are there, or all that will come.

        Raises ValueError where the folder has no shard and none is waited for, and whatever reading raises.
        """
        if not self._follow and not list(dataset.shards(self._folder)):
            raise ValueError(
                f"{self._folder} holds no rooms-*.npz; make some with `python -m research.roomnet.generate`"
            )
        self._thread.start()
        while len(self._store) < least and self._thread.is_alive():
            self._thread.join(_PAUSE / 5)
        self.check()

    def check(self) -> None:
        """Raises what went wrong in the background."""
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        """Waits for the shard at hand."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            # processes, and not forked ones: decoding would hold this interpreter up, and CUDA does not survive a fork
            with ProcessPoolExecutor(_READERS, mp_context=multiprocessing.get_context("spawn")) as pool:
                list(pool.map(abs, range(_READERS)))  # started while there is nothing to read yet
                seen: set[Path] = set()
                while not self._stopped.is_set() and len(self._store) < self._store.capacity:
                    new = [path for path in dataset.shards(self._folder) if path not in seen]
                    for first in range(0, len(new), _READERS):
                        for stack in pool.map(shards.read, new[first : first + _READERS]):
                            if not self._stopped.is_set():
                                self._store.add(stack)
                    seen.update(new)
                    if not self._follow:
                        return
                    self._stopped.wait(_PAUSE)
        except Exception as error:  # whatever it is: told to whoever asks next
            self._failure = error
