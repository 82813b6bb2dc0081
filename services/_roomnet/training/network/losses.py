"""What the network is punished for."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from training.network.groups import IGNORED
from training.network.model import Prediction


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Pictures with their truth."""

    picture: Tensor
    """N×3×H×W, 0–1."""

    labels: Tensor
    """N×H×W, groups; IGNORED where nothing is known."""

    depth: Tensor
    """N×1×H×W, metres; 0 where unknown."""

    room: Tensor
    """N; −100 where the room is empty and its type a matter of taste."""


def total(said: Prediction, true: Batch) -> Tensor:
    """Cross-entropy + 0.3 dice + 0.6 inverse depth + 0.25 its gradients + 0.15 room type."""
    loss = F.cross_entropy(said.labels, true.labels, ignore_index=IGNORED) + 0.3 * dice(said.labels, true.labels)
    wanted, known = normalised_inverse(true.depth)
    loss = loss + 0.6 * _mean((said.inverse_depth - wanted).abs(), known)
    for axis in (2, 3):
        steps = said.inverse_depth.diff(dim=axis) - wanted.diff(dim=axis)
        size = known.shape[axis] - 1
        both = known.narrow(axis, 0, size) * known.narrow(axis, 1, size)
        loss = loss + 0.25 * _mean(steps.abs(), both)
    if bool((true.room >= 0).any()):
        loss = loss + 0.15 * F.cross_entropy(said.room, true.room, label_smoothing=0.05)
    return loss


def dice(logits: Tensor, labels: Tensor) -> Tensor:
    """One minus the soft overlap, averaged over the groups that a batch shows (Milletari et al., 2016)."""
    known = labels != IGNORED
    target = F.one_hot(labels.where(known, labels.new_zeros(())), logits.shape[1]).permute(0, 3, 1, 2)
    mask = known[:, None].to(logits.dtype)
    said, true = logits.softmax(dim=1) * mask, target.to(logits.dtype) * mask
    overlap, size, there = (said * true).sum((0, 2, 3)), (said + true).sum((0, 2, 3)), true.sum((0, 2, 3))
    shown = there > 0
    return 1 - (2 * overlap[shown] / (size[shown] + 1)).mean()


def normalised_inverse(depth: Tensor) -> tuple[Tensor, Tensor]:
    """Inverse depth less its mean, over its mean deviation, per picture; and 1 where it is known.

    Ranftl et al., "Towards Robust Monocular Depth Estimation" (2020), with means for medians.
    """
    known = (depth > 0).to(depth.dtype)
    inverse = known / depth.clamp(min=0.2)
    count = known.sum(dim=(1, 2, 3), keepdim=True).clamp(min=1)
    centred = (inverse - inverse.sum(dim=(1, 2, 3), keepdim=True) / count) * known
    deviation = centred.abs().sum(dim=(1, 2, 3), keepdim=True) / count
    return centred / deviation.clamp(min=1e-3), known


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum() / torch.clamp(weights.sum(), min=1)
