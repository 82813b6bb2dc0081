"""How well a network does on rooms whose truth is known: overlap, depth, room type, calibration."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from research.roomnet.network import groups, photometry, repaint, warp
from research.roomnet.network.batches import batch, sides
from research.roomnet.network.losses import Batch
from research.roomnet.network.model import RoomNet
from research.roomnet.network.store import Store

_HEIGHT, _WIDTH = 192, 256


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What a network reached."""

    surfaces: dict[str, float]
    """Intersection over union of the five surfaces."""

    mean_iou: float
    accuracy: float
    """Share of pixels whose surface is right."""

    groups: dict[str, float]
    """Intersection over union of every group that occurs."""

    depth_error: float
    """Mean |depth − true| / true after a fit of scale and shift in inverse depth."""

    room_type: float
    """Share of typed rooms that were named rightly."""

    calibration: float
    """Mean distance between how sure and how often right, over ten bins (Guo et al., 2017)."""


@torch.no_grad()
def judge(network: RoomNet, store: Store, *, temperature: float = 1.0, hard: bool = False, scale: float = 1.0) -> Marks:
    """On whole pictures as they were rendered; hard ones are repainted and badly photographed. Scale as in `Plan`."""
    network.eval()
    merge = torch.from_numpy(groups.surfaces()).long()
    count, surfaces = len(groups.NAMES), len(groups.SURFACES)
    fine = torch.zeros(count, count, dtype=torch.int64)
    coarse = torch.zeros(surfaces, surfaces, dtype=torch.int64)
    bins = torch.zeros(3, 10, dtype=torch.float64)
    errors: list[float] = []
    typed = right = 0
    for true in _batches(store, hard=hard, scale=scale):
        said = network(true.picture)
        chances = (said.labels.float() / temperature).softmax(dim=1).cpu()
        labels, known = true.labels.cpu(), (true.labels != groups.IGNORED).cpu()
        merged = torch.zeros(len(labels), surfaces, *labels.shape[1:]).index_add_(1, merge, chances)
        wanted = merge[labels.where(known, 0)]
        sure, best = merged.max(dim=1)
        fine += _confusion(labels[known], chances.argmax(dim=1)[known], count)
        coarse += _confusion(wanted[known], best[known], surfaces)
        place = (sure[known] * 10).long().clamp(max=9)
        hit = (best == wanted)[known].double()
        for row, values in enumerate((torch.ones_like(hit), hit, sure[known].double())):
            bins[row].index_add_(0, place, values)
        errors += list(_depth_errors(said.inverse_depth.float().cpu(), true.depth.cpu()))
        there = (true.room >= 0).cpu()
        typed += int(there.sum())
        right += int((said.room.argmax(dim=1).cpu() == true.room.cpu())[there].sum())
    by_group, by_surface = _overlaps(fine), _overlaps(coarse)
    return Marks(
        surfaces=dict(zip(groups.SURFACES, by_surface, strict=True)),
        mean_iou=float(np.nanmean(by_surface)),
        accuracy=float(coarse.diag().sum() / coarse.sum()),
        groups={name: value for name, value in zip(groups.NAMES, by_group, strict=True) if not np.isnan(value)},
        depth_error=float(np.mean(errors)),
        room_type=right / max(1, typed),
        calibration=float((bins[1] - bins[2]).abs().sum() / bins[0].sum()),
    )


@torch.no_grad()
def temperature(network: RoomNet, store: Store, *, scale: float = 1.0) -> float:
    """What logits have to be divided by for the chances to be true of hard pictures (Guo et al., 2017)."""
    network.eval()
    choices = torch.linspace(0.6, 3.0, 49)
    cost = torch.zeros(len(choices), dtype=torch.float64)
    for true in _batches(store, hard=True, scale=scale):
        logits = network(true.picture).labels.float().permute(0, 2, 3, 1)[true.labels != groups.IGNORED][::7]
        labels = true.labels[true.labels != groups.IGNORED][::7]
        for number, choice in enumerate(choices.tolist()):
            cost[number] += torch.nn.functional.cross_entropy(logits / choice, labels).double().cpu()
    return round(float(choices[cost.argmin()]), 2)


def _batches(store: Store, *, hard: bool, size: int = 16, scale: float = 1.0) -> Iterator[Batch]:
    height, width = sides(_HEIGHT, _WIDTH, scale)
    torch.manual_seed(5)  # the same hard pictures for every network
    for start in range(0, len(store), size):
        numbers = torch.arange(start, min(start + size, len(store)), device=store.device)
        views = warp.views(store.rows(numbers), height, width, plain=True)
        yield batch(photometry.photographed(repaint.repainted(views)) if hard else views)


def _confusion(true: Tensor, said: Tensor, count: int) -> Tensor:
    return torch.bincount(true * count + said, minlength=count * count).view(count, count)


def _overlaps(counts: Tensor) -> list[float]:
    common = counts.diag().double()
    union = counts.sum(0) + counts.sum(1) - counts.diag()
    there = counts.sum(1) > 0
    return [float(value) for value in torch.where(there, common / union, torch.nan)]


def _depth_errors(said: Tensor, depth: Tensor) -> Iterator[float]:
    for one, true in zip(said.numpy(), depth.numpy(), strict=True):
        known = true > 0
        if known.sum() > 100:
            yield _depth_error(one[known].astype(np.float64), true[known].astype(np.float64))


def _depth_error(said: NDArray[np.float64], depth: NDArray[np.float64]) -> float:
    inverse = 1 / depth
    scale, shift = np.linalg.lstsq(np.c_[said, np.ones_like(said)], inverse, rcond=None)[0]
    fitted = np.clip(scale * said + shift, inverse.min(), inverse.max())
    return float(np.mean(np.abs(1 / fitted - depth) / depth))
