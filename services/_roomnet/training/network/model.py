"""About two million weights: plain residual blocks (He et al., 2016) and a feature pyramid (Lin et al., 2017)."""

from itertools import pairwise
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTHS: Final = (24, 48, 88, 144, 176)
"""Channels at strides 2, 4, 8, 16 and 32."""

PYRAMID: Final = 64


class Prediction(NamedTuple):
    """What the network says of a batch."""

    labels: Tensor
    """N×groups×H×W, logits."""

    inverse_depth: Tensor
    """N×1×H×W; nearer is larger, scale and shift are free."""

    room: Tensor
    """N×types, logits."""


class Block(nn.Module):
    """Two 3×3 convolutions beside a shortcut."""

    def __init__(self, inner: int, outer: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inner, outer, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outer)
        self.second = nn.Conv2d(outer, outer, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outer)
        same = inner == outer and stride == 1
        self.shortcut: nn.Module = nn.Identity() if same else nn.Conv2d(inner, outer, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """N×inner×H×W to N×outer×H/stride×W/stride."""
        y = F.relu(self.first_norm(self.first(x)))
        return F.relu(self.second_norm(self.second(y)) + self.shortcut(x))


class RoomNet(nn.Module):
    """Labels, inverse depth and room type from one picture."""

    def __init__(self, *, groups: int, types: int) -> None:
        super().__init__()
        widths = (WIDTHS[0], *WIDTHS)
        self.stem = nn.Conv2d(5, WIDTHS[0], 3, 2, 1, bias=False)
        self.stages = nn.ModuleList(
            nn.Sequential(Block(inner, outer, 1 if level == 0 else 2), Block(outer, outer, 1))
            for level, (inner, outer) in enumerate(pairwise(widths))
        )
        self.lateral = nn.ModuleList(nn.Conv2d(width, PYRAMID, 1) for width in WIDTHS[1:])
        self.context = nn.Linear(WIDTHS[-1], PYRAMID)
        self.blend = nn.Sequential(nn.Conv2d(PYRAMID, PYRAMID, 3, 1, 1, bias=False), nn.BatchNorm2d(PYRAMID), nn.ReLU())
        self.labels = nn.Conv2d(PYRAMID, groups, 1)
        self.inverse_depth = nn.Conv2d(PYRAMID, 1, 1)
        self.room = nn.Linear(WIDTHS[-1], types)

    def forward(self, picture: Tensor) -> Prediction:
        """N×3×H×W, any scale of colours (each picture is standardised); H and W are multiples of 32."""
        x = self.stem(torch.cat([standardised(picture), positions(picture)], dim=1))
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        pooled = x.mean(dim=(2, 3))
        pyramid = self.lateral[-1](levels[-1]) + self.context(pooled)[:, :, None, None]
        for lateral, level in zip(reversed(self.lateral[:-1]), reversed(levels[1:-1]), strict=True):
            pyramid = lateral(level) + F.interpolate(pyramid, scale_factor=2.0, mode="bilinear")
        pyramid = self.blend(pyramid)
        return Prediction(
            labels=F.interpolate(self.labels(pyramid), scale_factor=4.0, mode="bilinear"),
            inverse_depth=F.interpolate(self.inverse_depth(pyramid), scale_factor=4.0, mode="bilinear"),
            room=self.room(pooled),
        )


def standardised(picture: Tensor) -> Tensor:
    """Mean 0 and deviation 1 over each picture: exposure and colour cast say little about what is where."""
    mean = picture.mean(dim=(2, 3), keepdim=True)
    centred = picture - mean
    deviation = (centred * centred).mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return centred / (deviation + 1e-3)


def positions(picture: Tensor) -> Tensor:
    """N×2×H×W: distance from the upright middle line, and height, −1 to 1: rooms are alike left and right."""
    count, _, height, width = picture.shape
    y = torch.linspace(-1, 1, height, device=picture.device, dtype=picture.dtype)
    x = torch.linspace(-1, 1, width, device=picture.device, dtype=picture.dtype).abs()
    return torch.stack([x.expand(height, width), y[:, None].expand(height, width)]).expand(count, 2, height, width)
