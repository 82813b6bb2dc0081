"""Batches out of shards, changed at random so that no picture is seen twice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from training import dataset
from training.network import groups
from training.network.losses import Batch
from training.rooms.random import ROOM_TYPES

UNTYPED = -100
"""What cross-entropy passes over."""


class Rooms:
    """All examples of a folder in memory, about 0.4 MB each."""

    def __init__(self, folder: Path, *, limit: int | None = None) -> None:
        """Raises ValueError where the folder has no shard."""
        table = groups.table()
        self._examples: list[tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint16], int]] = []
        for path in dataset.shards(folder):
            for one in dataset.load(path):
                kind = ROOM_TYPES.index(one.room_type) if one.room_type != "other" else UNTYPED
                self._examples.append((one.image, table[one.labels], one.depth, kind))
            if limit and len(self._examples) >= limit:
                break
        if not self._examples:
            raise ValueError(f"{folder} holds no rooms-*.npz; make some with `python -m training.generate`")

    def __len__(self) -> int:
        return len(self._examples)

    def batches(self, *, size: int, width: int, height: int, rng: np.random.Generator) -> Iterator[Batch]:
        """Without end: every example once, in a new order each time."""
        while True:
            order = rng.permutation(len(self))
            for start in range(0, max(len(order) - size + 1, 1), size):
                chosen = [self._examples[number] for number in order[start : start + size]]
                yield _stacked([_changed(*one, width=width, height=height, rng=rng) for one in chosen])


def _stacked(examples: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any], int]]) -> Batch:
    pictures, labels, depths, rooms = zip(*examples, strict=True)
    return Batch(
        picture=torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous(),
        labels=torch.from_numpy(np.stack(labels).astype(np.int64)),
        depth=torch.from_numpy(np.stack(depths))[:, None],
        room=torch.tensor(rooms),
    )


def _changed(
    image: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    depth: NDArray[np.uint16],
    kind: int,
    *,
    width: int,
    height: int,
    rng: np.random.Generator,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], int]:
    """A random crop at least 60 % wide, mirrored every second time, with other colours and light."""
    full_height, full_width = labels.shape
    share = float(rng.uniform(0.6, 1.0)) if rng.random() < 0.7 else 1.0
    crop_width, crop_height = int(full_width * share), int(full_height * share * rng.uniform(0.85, 1.0))
    left, top = int(rng.integers(full_width - crop_width + 1)), int(rng.integers(full_height - crop_height + 1))
    window = np.s_[top : top + crop_height, left : left + crop_width]
    picture = cv2.resize(image[window], (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    label = cv2.resize(labels[window], (width, height), interpolation=cv2.INTER_NEAREST)
    metres = cv2.resize(depth[window], (width, height), interpolation=cv2.INTER_NEAREST).astype(np.float32) / 1000
    if rng.random() < 0.5:
        picture, label, metres = picture[:, ::-1], label[:, ::-1], metres[:, ::-1]
    picture = np.clip(picture, 1e-3, 1) ** np.float32(rng.uniform(0.7, 1.4))
    picture = picture * rng.uniform(0.85, 1.15, 3).astype(np.float32)
    grey = picture.mean(axis=2, keepdims=True)
    picture = grey + np.float32(rng.uniform(0.4, 1.4)) * (picture - grey)
    return np.ascontiguousarray(picture), np.ascontiguousarray(label), np.ascontiguousarray(metres), kind
