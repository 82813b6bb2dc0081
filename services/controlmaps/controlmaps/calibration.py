"""How sure a classifier may be of itself: one temperature for its logits.

Guo et al., "On Calibration of Modern Neural Networks" (2017): the temperature that makes labelled photos most probable.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

MIN_TEMPERATURE: Final = 0.05
MAX_TEMPERATURE: Final = 50.0
BINS: Final = 10


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int_]) -> float:
    """The temperature in 0.05–50 with the least negative log-likelihood; N×K logits, N labels in 0…K−1.

    The likelihood has one peak in the inverse temperature, so that a golden-section search finds it.
    """
    if len(logits) == 0:
        raise ValueError("no labelled photos")
    low, high = math.log(MIN_TEMPERATURE), math.log(MAX_TEMPERATURE)
    ratio = (math.sqrt(5) - 1) / 2
    while high - low > 1e-4:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if negative_log_likelihood(logits, labels, math.exp(left)) <= negative_log_likelihood(
            logits, labels, math.exp(right)
        ):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2)


def negative_log_likelihood(logits: NDArray[np.float32], labels: NDArray[np.int_], temperature: float) -> float:
    """Mean negative log-likelihood in nats."""
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    log_total = np.log(np.exp(scaled).sum(axis=1))
    return float(np.mean(log_total - scaled[np.arange(len(labels)), labels]))


def calibration_error(logits: NDArray[np.float32], labels: NDArray[np.int_], temperature: float) -> float:
    """Expected calibration error in 0–1: how far confidence and accuracy lie apart, over ten bins of confidence."""
    scaled = logits.astype(np.float64) / temperature
    probabilities = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [
        abs(confidence[bins == one].mean() - right[bins == one].mean()) * np.mean(bins == one)
        for one in np.unique(bins)
    ]
    return float(sum(gaps))
