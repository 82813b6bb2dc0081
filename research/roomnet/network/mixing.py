"""Things of one room put into another, where they are nearer than what stands there.

Cut and paste (Dwibedi et al., "Cut, Paste and Learn", 2017) with a depth buffer in place of a random order.
"""

from functools import cache
from typing import Final

import torch
from torch import Tensor

from research.roomnet.network import groups
from research.roomnet.network.views import Views

SHARE: Final = 0.4
"""Of the pictures."""

CHOSEN: Final = 0.3
"""Of the things in a picture that gives."""

_BUILDING: Final = groups.numbers("wall", "floor", "ceiling", "window", "door", "blind", "curtain", "shower", "mirror")


def mixed(views: Views) -> Views:
    """Every picture receives from its neighbour in the batch."""
    donors = views.rolled()
    count, device = len(views.room), views.room.device
    movable = all_but(_BUILDING, device)
    chosen = torch.rand(count, 256, device=device) < CHOSEN
    chosen &= torch.rand(count, 1, device=device) < SHARE
    # a thing may come a little nearer than it stood
    nearer = 0.7 + 0.4 * torch.rand(count, 1, 1, 1, device=device)
    given = donors.known(donors.groups, donors.depth * nearer)
    mask = picked(chosen, donors.surface) & movable[donors.groups] & (given.depth > 0)
    mask &= (given.depth < views.depth) | (views.depth <= 0)
    return given.where(mask, views)


@cache
def all_but(names: tuple[int, ...], device: torch.device) -> Tensor:
    """256 truth values by group, false for these and for what is not known; kept, since sending it takes time."""
    table = torch.ones(256, dtype=torch.bool)
    table[[*names, groups.IGNORED]] = False
    return table.to(device)


def picked(table: Tensor, surface: Tensor) -> Tensor:
    """N×256 values by number of surface to N×1×H×W."""
    return table.gather(1, surface.flatten(1)).view(surface.shape)
