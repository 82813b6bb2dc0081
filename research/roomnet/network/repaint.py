"""Surfaces in other colours and patterns under the same light: domain randomisation (Tobin et al., 2017).

What a surface sends back diffusely is albedo × shading, so another albedo changes the picture by the difference; shine
and reflections stay. Patterns are cut out of space, not of the picture: on a floor they run away in perspective.
"""

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from research.roomnet.network import groups
from research.roomnet.network.mixing import all_but, picked
from research.roomnet.network.views import Views

SHARE: Final = 0.65
"""Of the pictures."""

CHOSEN: Final = 0.5
"""Of the surfaces in such a picture."""

_GLASS: Final = groups.numbers("window", "mirror", "shower")


def repainted(views: Views) -> Views:
    """A share of the pictures with a share of their surfaces painted anew."""
    count, device = len(views.room), views.room.device
    chosen = torch.rand(count, 256, device=device) < CHOSEN
    chosen &= torch.rand(count, 1, device=device) < SHARE
    mask = picked(chosen, views.surface) & all_but(_GLASS, device)[views.groups]
    paint = _paint(views)
    light = views.image.clamp(min=1e-3) ** 2.2
    diffuse = views.albedo * views.shading
    exposure = light.mean(dim=(2, 3), keepdim=True) / diffuse.mean(dim=(2, 3), keepdim=True).clamp(min=1e-3)
    lit = exposure * views.shading
    changed = (light + (paint - views.albedo) * lit).maximum(0.4 * paint * lit)
    painted = changed.clamp(1e-4, 1) ** (1 / 2.2)
    return views.shown(painted.where(mask, views.image))


def _paint(views: Views) -> Tensor:
    """N×3×H×W: the old albedo tinted, one new colour, or two in a pattern, by surface."""
    count, device = len(views.room), views.room.device
    kind = torch.rand(count, 256, device=device)
    first, second = _colours(count, device), _colours(count, device)
    alike = torch.rand(count, 1, 256, device=device) < 0.5  # most real patterns are quiet
    second = torch.where(alike, (first * (0.6 + 0.8 * torch.rand(count, 1, 256, device=device))).clamp(0, 0.9), second)
    gain = torch.exp(0.5 * torch.randn(count, 1, 256, device=device) + 0.25 * torch.randn(count, 3, 256, device=device))
    tinted = (views.albedo * _coloured(gain, views.surface)).clamp(0, 0.95)
    mix = _pattern(views) * picked((kind > 0.6).float(), views.surface)
    plain = torch.lerp(_coloured(first, views.surface), _coloured(second, views.surface), mix)
    return torch.where(picked(kind < 0.3, views.surface), tinted, plain)


def _colours(count: int, device: torch.device) -> Tensor:
    """N×3×256 reflectances: light and grey ones more often than not, as rooms are."""
    value = torch.rand(count, 1, 256, device=device).pow(0.8) * 0.87 + 0.02
    colour = torch.rand(count, 3, 256, device=device)
    amount = torch.rand(count, 1, 256, device=device).pow(2.5) * 0.9
    return value * (1 - amount + amount * colour / colour.amax(dim=1, keepdim=True).clamp(min=1e-3))


def _coloured(table: Tensor, surface: Tensor) -> Tensor:
    """N×C×256 by number of surface to N×C×H×W."""
    count, channels, _ = table.shape
    return table.gather(2, surface.flatten(1)[:, None].expand(-1, channels, -1)).view(
        count, channels, *surface.shape[2:]
    )


def _pattern(views: Views) -> Tensor:
    """N×1×H×W, 0–1: stripes, checks or blotches of 0.06 to 1.5 m."""
    count, device = len(views.room), views.room.device
    place = _places(views.depth)
    waves = torch.randn(count, 6, 256, device=device)
    length = 0.06 * torch.exp(torch.rand(count, 1, 256, device=device) * math.log(25))
    axes = waves.view(count, 2, 3, 256)
    axes = (axes / axes.norm(dim=2, keepdim=True).clamp(min=1e-3)).view(count, 6, 256) * (2 * math.pi / length)
    field = _coloured(axes, views.surface)
    one = ((field[:, :3] * place).sum(dim=1, keepdim=True)).sin()
    other = ((field[:, 3:] * place).sum(dim=1, keepdim=True)).sin()
    sort = torch.rand(count, 256, device=device)
    checked = picked((sort > 0.4).float(), views.surface)
    blotched = picked((sort > 0.7).float(), views.surface)
    wave = one * (1 - checked + checked * other)
    wave = wave * (1 - blotched) + blotched * _blotches(views.depth)
    sharpness = picked(torch.exp(torch.rand(count, 256, device=device) * 3.5), views.surface)
    return (wave * sharpness).sigmoid()


def _places(depth: Tensor) -> Tensor:
    """N×3×H×W metres in camera coordinates, for a lens of about 65°; another one only shears the patterns."""
    count, _, height, width = depth.shape
    x = torch.linspace(-0.64, 0.64, width, device=depth.device)
    y = torch.linspace(-0.64, 0.64, height, device=depth.device) * (height / width)
    return torch.cat([x.expand(count, 1, height, width), y[:, None].expand(count, 1, height, width),
                      torch.ones_like(depth)], dim=1) * depth  # fmt: skip


def _blotches(like: Tensor) -> Tensor:
    """N×1×H×W smooth noise of three octaves, about −1 to 1."""
    count, _, height, width = like.shape
    total = torch.zeros_like(like)
    for cells, weight in ((6, 1.0), (16, 0.7), (48, 0.5)):
        coarse = torch.randn(count, 1, cells, cells, device=like.device)
        total = total + weight * F.interpolate(coarse, size=(height, width), mode="bilinear")
    return total
