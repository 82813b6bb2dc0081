"""How far off a figure would be on other photos: the bootstrap over photos (Efron, Annals of Statistics 1979)."""

from collections.abc import Callable, Iterator, Sequence
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


def resampled(
    items: Sequence[Item], kind: Callable[[Item], tuple[bool, ...]] = lambda _item: ()
) -> Iterator[list[Item]]:
    """RESAMPLES times as many items drawn with replacement, each kind among its own; the same every time."""
    random = np.random.default_rng(0)
    kinds = [kind(item) for item in items]
    strata = [np.flatnonzero([one == own for own in kinds]) for one in sorted(set(kinds))]
    for _ in range(RESAMPLES):
        chosen = [stratum[random.integers(len(stratum), size=len(stratum))] for stratum in strata]
        yield [items[index] for stratum in chosen for index in stratum]


def ends(values: Sequence[float]) -> tuple[float, float]:
    """The percentile interval of what a figure came to on resampled items."""
    low, high = np.nanquantile(values, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return float(low), float(high)


def bootstrap(items: Sequence[Item], figure: Callable[[Sequence[Item]], float]) -> Interval:
    """The figure of the items and its interval."""
    if not items:
        return Interval(value=float("nan"), low=float("nan"), high=float("nan"), count=0)
    low, high = ends([figure(drawn) for drawn in resampled(items)])
    return Interval(value=figure(items), low=low, high=high, count=len(items))
