"""How far off a figure would be on other photos: the bootstrap over photos (Efron, Annals of Statistics 1979)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

RESAMPLES: Final = 1000
LEVEL: Final = 0.95
Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A figure with its 95 % interval; all NaN where nothing was measured."""

    value: float
    low: float
    high: float
    count: int
    """Photos."""

    def meets(self, sign: str, aim: float) -> bool:
        """Whether the worse end does: the upper one where `sign` is ≤, the lower one where it is ≥."""
        return self.high <= aim if sign == "≤" else self.low >= aim


def bootstrap(items: Sequence[Item], figure: Callable[[Sequence[Item]], float]) -> Interval:
    """The figure of the items and the percentile interval of its value on resampled ones; the same every time."""
    if not items:
        return Interval(value=float("nan"), low=float("nan"), high=float("nan"), count=0)
    random = np.random.default_rng(0)
    drawn = random.integers(len(items), size=(RESAMPLES, len(items)))
    values = [figure([items[index] for index in row]) for row in drawn]
    low, high = np.nanquantile(values, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Interval(value=figure(items), low=float(low), high=float(high), count=len(items))
