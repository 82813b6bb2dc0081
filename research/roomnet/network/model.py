"""Residual blocks (He et al., 2016), attention where few pixels are left, and a feature pyramid (Lin et al., 2017)."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STRIDE: Final = 2
"""Labels and depth are said for every second pixel."""

EDGES: Final = 24
"""Channels that tell whether neighbours belong together: what the stem sees and what the pyramid knows, added up."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many channels and blocks."""

    stem: int
    """Channels at stride 2."""

    widths: tuple[int, int, int, int]
    """Channels at strides 4, 8, 16 and 32; the latter two are multiples of 32."""

    depths: tuple[int, int, int, int]
    """Residual blocks likewise."""

    pyramid: int

    attention: bool = True
    """At strides 16 and 32."""


_WHOLE: Final = {
    "tiny": Size(stem=16, widths=(24, 48, 96, 128), depths=(1, 1, 1, 1), pyramid=32),
    "small": Size(stem=24, widths=(40, 72, 128, 160), depths=(2, 2, 2, 2), pyramid=64),
    "large": Size(stem=32, widths=(80, 128, 224, 256), depths=(3, 4, 4, 2), pyramid=96),
}

SIZES: Final = _WHOLE | {f"{name}_unattentive": replace(size, attention=False) for name, size in _WHOLE.items()}
"""By name, with and without attention."""


class Prediction(NamedTuple):
    """What the network says of a batch; h and w are half of the picture's."""

    labels: Tensor
    """N×groups×h×w, logits."""

    inverse_depth: Tensor
    """N×1×h×w; nearer is larger, scale and shift are free."""

    room: Tensor
    """N×types, logits."""

    same: Tensor
    """N×2×h×w, logits: whether a pixel shows the same surface or thing as the one to its right, and the one below."""


class ConvNorm(nn.Module):
    """A convolution and its batch normalisation, which `export.folded` makes one."""

    def __init__(self, inner: int, outer: int, width: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inner, outer, width, stride, width // 2, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outer)

    def forward(self, x: Tensor) -> Tensor:
        """N×inner×H×W to N×outer×H/stride×W/stride."""
        normed: Tensor = self.norm(self.convolution(x))
        return normed


class Block(nn.Module):
    """Two 3×3 convolutions beside a shortcut."""

    def __init__(self, inner: int, outer: int, stride: int) -> None:
        super().__init__()
        self.first = ConvNorm(inner, outer, 3, stride)
        self.second = ConvNorm(outer, outer, 3)
        same = inner == outer and stride == 1
        self.shortcut: nn.Module = nn.Identity() if same else ConvNorm(inner, outer, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        """N×inner×H×W to N×outer×H/stride×W/stride."""
        return F.relu(self.second(F.relu(self.first(x))) + self.shortcut(x))


class Attention(nn.Module):
    """Every place looks at all others: what is floor depends on where the walls are.

    Batch instead of layer normalisation, as in LeViT (Graham et al., 2021): it costs nothing once folded.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads, self.each = heads, channels // heads
        self.mix = ConvNorm(channels, 3 * channels)
        self.out = ConvNorm(channels, channels)
        nn.init.zeros_(self.out.norm.weight)  # type: ignore[arg-type]  # a BatchNorm2d until it is folded

    def forward(self, x: Tensor) -> Tensor:
        """N×channels×h×w to the same."""
        count, _, height, width = x.shape
        mixed = self.mix(x).reshape(count, self.heads, 3 * self.each, height * width)
        query, key, value = mixed.chunk(3, dim=2)
        weights = (query.transpose(2, 3) @ key * self.each**-0.5).softmax(dim=3)
        seen = (value @ weights.transpose(2, 3)).reshape(count, self.heads * self.each, height, width)
        return F.relu(x + self.out(seen))


class RoomNet(nn.Module):
    """Labels, inverse depth and room type from one picture."""

    def __init__(self, *, groups: int, types: int, size: Size) -> None:
        super().__init__()
        deepest, pyramid = size.widths[-1], size.pyramid
        self.stem = nn.Sequential(ConvNorm(5, size.stem, 3, 2), nn.ReLU(), ConvNorm(size.stem, size.stem, 3), nn.ReLU())
        self.stages = nn.ModuleList()
        for level, ((inner, outer), depth) in enumerate(
            zip(pairwise((size.stem, *size.widths)), size.depths, strict=True)
        ):
            blocks: list[nn.Module] = [Block(inner, outer, 2), *(Block(outer, outer, 1) for _ in range(depth - 1))]
            if level >= 2 and size.attention:
                blocks.append(Attention(outer, outer // 32))
            self.stages.append(nn.Sequential(*blocks))
        self.lateral = nn.ModuleList(nn.Conv2d(width, pyramid, 1) for width in size.widths)
        self.blend = nn.ModuleList(ConvNorm(pyramid, pyramid, 3) for _ in size.widths[:-1])
        self.context = nn.Conv2d(deepest, pyramid, 1)
        self.labels = nn.Conv2d(pyramid, groups, 1)
        self.shape = ConvNorm(pyramid, pyramid // 2, 3)
        self.coarse_depth = nn.Conv2d(pyramid // 2, 1, 1)
        self.fine_depth = nn.Conv2d(pyramid, 1, 1)
        self.same_fine = nn.Conv2d(size.stem, EDGES, 1)
        self.same_coarse = nn.Conv2d(pyramid, EDGES, 1)
        self.same = nn.Conv2d(EDGES, 2, 3, padding=1)
        self.dropout = nn.Dropout(0.2)
        self.evidence = nn.Conv2d(deepest + 2 * groups, 96, 1)
        self.room = nn.Conv2d(96, types, 1)

    def forward(self, picture: Tensor) -> Prediction:
        """N×3×H×W, any scale of colours (each picture is standardised); H and W are multiples of 32."""
        stem = self.stem(torch.cat([standardised(picture), positions(picture)], dim=1))
        x, levels = stem, []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        pooled = x.mean(dim=(2, 3), keepdim=True)
        features = [self.lateral[-1](x) + self.context(pooled)]
        for lateral, blend, level in zip(
            reversed(self.lateral[:-1]), reversed(self.blend), reversed(levels[:-1]), strict=True
        ):
            features.append(F.relu(blend(lateral(level) + doubled(features[-1]))))
        labels = self.labels(features[-1])
        depth = doubled(self.coarse_depth(F.relu(self.shape(features[-2])))) + self.fine_depth(features[-1])
        same = self.same(F.relu(self.same_fine(stem) + doubled(self.same_coarse(features[-1]))))
        return Prediction(
            labels=doubled(labels), inverse_depth=doubled(depth), room=self._type(pooled, labels), same=same
        )

    def _type(self, pooled: Tensor, labels: Tensor) -> Tensor:
        """A room is what stands in it: the shares of the groups, and how surely each is there at all."""
        chances = labels.detach().softmax(dim=1)
        evidence = torch.cat(
            [self.dropout(pooled), 4 * chances.mean(dim=(2, 3), keepdim=True), chances.amax(dim=(2, 3), keepdim=True)],
            dim=1,
        )
        kinds: Tensor = self.room(F.relu(self.evidence(evidence)))
        return kinds.flatten(1)


def doubled(x: Tensor) -> Tensor:
    """Twice as high and wide."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear")


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
