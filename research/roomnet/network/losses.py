"""What the network is punished for."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from research.roomnet.network import groups
from research.roomnet.network.groups import IGNORED
from research.roomnet.network.model import Prediction

SMALLEST: Final = 1e-6


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Pictures with their truth; h and w are half of the picture's."""

    picture: Tensor
    """N×3×H×W, 0–1."""

    labels: Tensor
    """N×h×w, groups; IGNORED where nothing is known."""

    depth: Tensor
    """N×1×h×w, metres; 0 where unknown."""

    room: Tensor
    """N; −100 where the room is empty and its type a matter of taste."""

    surface: Tensor
    """N×h×w, numbers of surfaces and things."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is added up; each can be left out to see what it is worth."""

    rarity: bool = True
    """Rare groups count more."""

    surfaces: bool = True
    """The five surfaces, besides the groups that they are made of."""

    overlap: bool = True
    depth: bool = True
    room: bool = True
    same: bool = True
    """Whether neighbours show the same surface or thing."""


EVERY: Final = Terms()


def weights(shares: Tensor) -> Tensor:
    """What a pixel of each group counts, for the groups' shares of all pixels: rare ones more, up to a limit.

    Their mean over pixels is 1. Groups that never occur count like the rarest.
    """
    known = shares[: len(groups.NAMES)] / shares[: len(groups.NAMES)].sum().clamp(min=SMALLEST)
    wanted = (known + 0.004) ** -0.4
    return wanted / (wanted * known).sum()


def total(said: Prediction, true: Batch, weight: Tensor, terms: Terms = EVERY) -> Tensor:
    """Groups + the five surfaces + overlap of both + 0.6 inverse depth + 0.25 its gradients + 0.15 room + 0.3 same."""
    logits = said.labels.float()
    loss = F.cross_entropy(logits, true.labels, weight=weight if terms.rarity else None, ignore_index=IGNORED)
    chances, known = logits.softmax(dim=1), true.labels != IGNORED
    labels = true.labels.where(known, torch.zeros_like(true.labels))
    merged, surfaces = torch.einsum("nghw,gs->nshw", chances, _merge(chances.device)), _table(labels.device)[labels]
    right = merged.gather(1, surfaces[:, None])[:, 0].clamp(min=SMALLEST)
    if terms.surfaces:
        loss = loss - 0.5 * _mean(right.log(), known.float())
    if terms.overlap:
        loss = loss + 0.15 * overlap(chances, labels, known) + 0.3 * overlap(merged, surfaces, known)
    if terms.depth:
        loss = loss + shape(said.inverse_depth.float(), true.depth)
    if terms.room:
        kinds = F.cross_entropy(said.room.float(), true.room, label_smoothing=0.05, reduction="sum")
        loss = loss + 0.15 * kinds / (true.room >= 0).sum().clamp(min=1)
    if terms.same:
        loss = loss + 0.3 * neighbours(said.same.float(), true.surface, known)
    return loss


def neighbours(said: Tensor, surface: Tensor, known: Tensor) -> Tensor:
    """Cross-entropy of "same" and "other", N×2×h×w logits: to the right, and below. The last column and row are free.

    The few pixels at borders are not weighted: the chances shall be those that occur (the class-balanced ones of Xie &
    Tu, "Holistically-nested edge detection", 2015, are not).
    """
    loss = said.sum() * 0
    for channel, axis in ((0, 2), (1, 1)):
        size = surface.shape[axis] - 1
        one, other = surface.narrow(axis, 0, size), surface.narrow(axis, 1, size)
        both = (known.narrow(axis, 0, size) & known.narrow(axis, 1, size)).float()
        logits = said[:, channel].narrow(axis, 0, size)
        each = F.binary_cross_entropy_with_logits(logits, (one == other).float(), reduction="none")
        loss = loss + _mean(each, both)
    return loss


def shape(said: Tensor, depth: Tensor) -> Tensor:
    """Inverse depth and its steps from pixel to pixel, and from every fourth to the next."""
    wanted, known = normalised_inverse(depth)
    loss = 0.6 * _mean((said - wanted).abs(), known)
    for every in (1, 4):
        near, far, there = (map_[:, :, ::every, ::every] for map_ in (said, wanted, known))
        for axis in (2, 3):
            steps = near.diff(dim=axis) - far.diff(dim=axis)
            size = there.shape[axis] - 1
            both = there.narrow(axis, 0, size) * there.narrow(axis, 1, size)
            loss = loss + 0.25 * _mean(steps.abs(), both)
    return loss


def overlap(chances: Tensor, labels: Tensor, known: Tensor) -> Tensor:
    """One minus the soft overlap, averaged over the classes that a batch shows (Milletari et al., 2016)."""
    mask = known[:, None].to(chances.dtype)
    target = torch.zeros_like(chances).scatter_(1, labels[:, None], 1.0) * mask
    said = chances * mask
    common, size, there = (said * target).sum((0, 2, 3)), (said + target).sum((0, 2, 3)), target.sum((0, 2, 3))
    shown = (there > 0).to(chances.dtype)
    return 1 - _mean(2 * common / (size + 1), shown)


def normalised_inverse(depth: Tensor) -> tuple[Tensor, Tensor]:
    """Inverse depth less its mean, over its mean deviation, per picture; and 1 where it is known.

    Ranftl et al., "Towards Robust Monocular Depth Estimation" (2020), with means for medians.
    """
    known = (depth > 0).to(depth.dtype)
    inverse = known / depth.clamp(min=0.2)
    count = known.sum(dim=(1, 2, 3), keepdim=True).clamp(min=1)
    centred = (inverse - inverse.sum(dim=(1, 2, 3), keepdim=True) / count) * known
    deviation = centred.abs().sum(dim=(1, 2, 3), keepdim=True) / count
    return centred / deviation.clamp(min=1e-2), known


@cache
def _table(device: torch.device) -> Tensor:
    """Groups to surfaces; kept, since sending it to a device takes time."""
    return torch.from_numpy(groups.surfaces()).long().to(device)


@cache
def _merge(device: torch.device) -> Tensor:
    """Groups × surfaces, 1 where a group is part of a surface."""
    return F.one_hot(_table(device), len(groups.SURFACES)).float()


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum() / torch.clamp(weights.sum(), min=1)
