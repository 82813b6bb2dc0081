"""Random views into rendered pictures: crops, other proportions, a tilted camera, a mirror."""

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from research.roomnet.network.groups import IGNORED
from research.roomnet.network.shards import UNTYPED
from research.roomnet.network.views import Views

CLOSEST: Final = 0.45
"""The smallest crop, as a share of the picture's side."""

TELLING: Final = 0.6
"""Smaller crops do not tell what kind of room it is."""


def views(rows: dict[str, Tensor], height: int, width: int, *, plain: bool = False) -> Views:
    """One random view of each of these rows of a store; a plain one is the largest in the middle, as it is."""
    grid, share = _grid(rows["upright"], (rows["image"].shape[1], rows["image"].shape[2]), height, width, plain=plain)
    inside = (grid.abs() <= 1).all(dim=3)[:, None]
    colours = torch.cat([rows["image"].float() / 255, (rows["albedo"].float() / 255).square()], dim=3)
    smooth = torch.cat([colours, rows["shading"].float()[..., None]], dim=3).permute(0, 3, 1, 2)
    smooth = F.grid_sample(smooth, grid, padding_mode="reflection", align_corners=False)
    exact = torch.stack([rows["depth"].float(), rows["groups"].float(), rows["surface"].float()], dim=1)
    exact = F.grid_sample(exact, grid, mode="nearest", padding_mode="reflection", align_corners=False)
    room = rows["room"].long()
    return Views(
        image=smooth[:, :3].clamp(0, 1),
        albedo=smooth[:, 3:6].clamp(0, 1),
        shading=smooth[:, 6:].clamp(min=0),
        depth=exact[:, :1] * inside,
        groups=exact[:, 1:2].long().where(inside, torch.full_like(exact[:, 1:2], IGNORED).long()),
        surface=exact[:, 2:].long(),
        room=room.where(share >= TELLING, torch.full_like(room, UNTYPED)),
    )


def _grid(upright: Tensor, stored: tuple[int, int], height: int, width: int, *, plain: bool) -> tuple[Tensor, Tensor]:
    """N×H×W×2 places in the stored pictures, −1 to 1, and the share of the picture's side that each view shows."""
    count, device = len(upright), upright.device

    def normal(deviation: float) -> Tensor:
        return torch.randn(count, device=device) * (0 if plain else deviation)

    tall, wide = float(min(stored)), float(max(stored))
    across = torch.where(upright, tall, wide)
    along = torch.where(upright, wide, tall)
    proportion = (width / height) * torch.exp(normal(0.13))
    largest = torch.minimum(across, along * proportion)
    share = torch.ones(count, device=device)
    if not plain:
        zoomed = CLOSEST + (1 - CLOSEST) * torch.rand(count, device=device).sqrt()
        share = zoomed.where(torch.rand(count, device=device) < 0.65, share)
    half_width, half_height = share * largest / across, share * largest / proportion / along
    free = torch.zeros(2, count, device=device) if plain else torch.rand(2, count, device=device) * 2 - 1
    middle_x, middle_y = free[0] * (1 - half_width), free[1] * (1 - half_height)
    u = torch.linspace(-1 + 1 / width, 1 - 1 / width, width, device=device).expand(count, height, width)
    v = torch.linspace(-1 + 1 / height, 1 - 1 / height, height, device=device)[:, None].expand(count, height, width)
    if not plain:
        u = u * torch.where(torch.rand(count, device=device) < 0.5, -1.0, 1.0)[:, None, None]
    # a picture plane turned about two axes (a homography), then about the optical axis
    scale = 1 + normal(0.05)[:, None, None] * u + normal(0.05)[:, None, None] * v
    u, v = u / scale, v / scale
    angle = normal(math.radians(3))[:, None, None]
    aspect = ((half_height * along) / (half_width * across))[:, None, None]
    turned_u = u * angle.cos() - v * aspect * angle.sin()
    turned_v = u / aspect * angle.sin() + v * angle.cos()
    x = middle_x[:, None, None] + half_width[:, None, None] * turned_u
    y = middle_y[:, None, None] + half_height[:, None, None] * turned_v
    lying = upright[:, None, None]  # upright pictures are stored on their side: their rows are columns
    return torch.stack([y.where(lying, x), x.where(lying, y)], dim=3), share
