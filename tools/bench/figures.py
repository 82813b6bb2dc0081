"""From raw samples to rows of a table."""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Samples:
    """Durations in seconds."""

    seconds: list[float] = field(default_factory=list)

    @contextmanager
    def measure(self) -> Iterator[None]:
        """Adds how long a block took."""
        start = time.perf_counter()
        yield
        self.seconds.append(time.perf_counter() - start)

    def quantile(self, share: float) -> float:
        """Nearest-rank quantile in seconds; NaN without samples."""
        if not self.seconds:
            return math.nan
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]

    def milliseconds(self) -> str:
        """Median and 99th percentile for a table."""
        return f"p50 {self.quantile(0.5) * 1000:.1f} ms, p99 {self.quantile(0.99) * 1000:.1f} ms"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of `BENCHMARKS.md`."""

    what: str
    figure: str
    baseline: str = ""
    """What it is compared with, and that one's figure; empty where the figure stands for itself."""
    ratio: str = ""
    """Ours to the baseline's, and which way is better."""


def table(rows: Sequence[Row]) -> str:
    """Rows in Markdown."""
    lines = ["| what | measured | baseline in the same run | ratio |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.figure} | {row.baseline} | {row.ratio} |" for row in rows]
    return "\n".join(lines)
