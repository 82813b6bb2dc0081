"""Large latents seen through overlapping windows, whose predictions are averaged.

Bar-Tal et al., "MultiDiffusion" (ICML 2023): every step is predicted window by window, and where windows overlap the
latents follow their weighted mean, so that the picture has no seams and needs a window's memory only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import torch
from torch import Tensor

OVERLAP: Final = 0.25
"""Share of a window that it has in common with its neighbour, at least."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A rectangle of latents."""

    top: int
    left: int
    height: int
    width: int

    def of(self, plane: Tensor) -> Tensor:
        """The part of a B×C×h×w tensor that it shows."""
        return plane[..., self.top : self.top + self.height, self.left : self.left + self.width]

    def weights(self, device: torch.device) -> Tensor:
        """1×1×height×width, falling off towards the edges as a pyramid does; above 0 everywhere."""
        down, across = (
            torch.minimum(steps, steps.flip(0))
            for steps in (torch.arange(1, side + 1, device=device).float() for side in (self.height, self.width))
        )
        return (down[:, None] * across[None])[None, None]


def windows(height: int, width: int, *, side: int) -> Sequence[Window]:
    """Windows over h×w latents, `side` long at most and evenly spread; one alone where all of it fits."""
    spans = [_spans(length, side) for length in (height, width)]
    return [Window(top=top, left=left, height=tall, width=wide) for (top, tall), (left, wide) in product(*spans)]


def _spans(length: int, side: int) -> list[tuple[int, int]]:
    if length <= side:
        return [(0, length)]
    stride = int(side * (1 - OVERLAP))
    count = -(-(length - side) // stride) + 1
    return [(round(position * (length - side) / (count - 1)), side) for position in range(count)]
