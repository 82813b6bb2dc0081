"""Agreement of what was seen with the ground truth."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tools.eval_rooms.ground_truth import SURFACES, UNLABELLED


def confusion(truth: NDArray[np.uint8], found: NDArray[np.uint8]) -> NDArray[np.int64]:
    """5×5 pixel counts: rows are the truth, columns what was found; unlabelled pixels are left out."""
    known = truth != UNLABELLED
    pairs = truth[known].astype(np.int64) * len(SURFACES) + found[known]
    return np.bincount(pairs, minlength=len(SURFACES) ** 2).reshape(len(SURFACES), -1)


def intersection_over_union(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """|truth ∩ found| / |truth ∪ found| of every surface; NaN where it occurs in neither."""
    union = counts.sum(axis=0) + counts.sum(axis=1) - np.diag(counts)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.diag(counts) / union)


def accuracy(counts: NDArray[np.int64]) -> float:
    """Share of labelled pixels that are right; NaN without any."""
    total = counts.sum()
    return float(np.trace(counts) / total) if total else float("nan")


def segmentation(counts: NDArray[np.int64]) -> dict[str, float]:
    """The figures of the report from the pixels of all photos together; the mean is over the surfaces that occur."""
    values = intersection_over_union(counts)
    occurring = values[~np.isnan(values)]
    return {
        "mean_iou": float(occurring.mean()) if len(occurring) else float("nan"),
        **{f"{name}_iou": float(value) for name, value in zip(SURFACES, values, strict=True)},
        "accuracy": accuracy(counts),
    }


def depth_errors(depth: NDArray[np.float32], inverse: NDArray[np.floating]) -> tuple[float, float]:
    """AbsRel and Spearman's rank correlation of an inverse depth that is known up to scale and shift.

    AbsRel is the mean of |d̂ − d| / d with 1/d̂ = s·inverse + t, where s and t minimise Σ (1/d̂ − 1/d)² (MiDaS, Ranftl
    et al., PAMI 2022) and 1/d̂ is held to the range of the truth. The correlation is with 1/d. NaN where fewer than a
    hundred pixels are known.
    """
    known = np.isfinite(depth) & (depth > 0)
    if known.sum() < 100:
        return float("nan"), float("nan")
    true = 1 / depth[known].astype(np.float64)
    found = inverse[known].astype(np.float64)
    design = np.c_[found, np.ones_like(found)]
    scale, shift = np.linalg.lstsq(design, true, rcond=None)[0]
    fitted = 1 / np.clip(scale * found + shift, true.min(), true.max())
    return float(np.mean(np.abs(fitted * true - 1))), spearman(found, true)


def spearman(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Rank correlation; ties share their mean rank, and what is all equal correlates with nothing."""
    first, second = _ranks(one), _ranks(other)
    if not first.std() or not second.std():
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def calibration(sure: Sequence[NDArray[np.float32]], right: Sequence[NDArray[np.bool_]]) -> float:
    """Expected calibration error over ten bins (Guo et al., ICML 2017): mean |confidence − accuracy|."""
    if not sure or not sum(len(one) for one in sure):
        return float("nan")
    confidence, correct = np.concatenate([*sure]), np.concatenate([*right])
    bins = np.clip((confidence * 10).astype(int), 0, 9)
    totals = np.bincount(bins, minlength=10)
    gaps = np.bincount(bins, weights=confidence, minlength=10) - np.bincount(bins, weights=correct, minlength=10)
    return float(np.abs(gaps).sum() / totals.sum())


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _unique, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[inverse]
