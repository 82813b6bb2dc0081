"""Batches out of a store, changed at random so that no picture is seen twice."""

from dataclasses import dataclass
from typing import Final

import torch

from research.roomnet.network import mixing, photometry, repaint, warp
from research.roomnet.network.losses import Batch
from research.roomnet.network.model import STRIDE
from research.roomnet.network.store import Store
from research.roomnet.network.views import Views

SHAPES: Final = ((192, 256), (192, 256), (192, 256), (224, 224), (160, 256), (256, 192))
"""Heights and widths that batches take in turn by chance: photos are seen in their own proportions."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What is done to the pictures; each can be left out to see what it is worth."""

    viewed: bool = True
    """Cropped, tilted and mirrored; else the largest view in the middle."""

    mixed: bool = True
    repainted: bool = True
    photographed: bool = True


def draw(store: Store, size: int, changes: Changes, *, rooms: int | None = None, scale: float = 1.0) -> Batch:
    """Random rooms out of the first `rooms` (or all), in one of the shapes times `scale`."""
    height, width = sides(*SHAPES[int(torch.randint(len(SHAPES), ()))], scale)
    there = min(len(store), rooms or len(store))
    numbers = torch.randint(there, (size,), device=store.device)
    views = warp.views(store.rows(numbers), height, width, plain=not changes.viewed)
    if changes.mixed:
        views = mixing.mixed(views)
    if changes.repainted:
        views = repaint.repainted(views)
    if changes.photographed:
        views = photometry.photographed(views)
    return batch(views)


def sides(height: int, width: int, scale: float) -> tuple[int, int]:
    """The multiples of 32 next to these sides times `scale`; at least 32."""
    rows, columns = (max(32, 32 * round(side * scale / 32)) for side in (height, width))
    return rows, columns


def batch(views: Views) -> Batch:
    """Pictures, and the truth at the network's resolution."""
    offset = STRIDE // 2
    return Batch(
        picture=views.image,
        labels=views.groups[:, 0, offset::STRIDE, offset::STRIDE],
        depth=views.depth[:, :, offset::STRIDE, offset::STRIDE],
        room=views.room,
        surface=views.surface[:, 0, offset::STRIDE, offset::STRIDE],
    )
