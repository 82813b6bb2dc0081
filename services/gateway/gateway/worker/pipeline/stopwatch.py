"""How long each stage of a job takes."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from prometheus_client import Histogram

from gateway.jobs.stage import Stage, labels
from servicekit.observability import tracing
from servicekit.observability.metrics import SECONDS_BUCKETS

STAGE_SECONDS: Final = Histogram(
    "modomo_stage_duration_seconds", "Time that a stage of a job takes", ["stage"], buckets=SECONDS_BUCKETS
)


class Stopwatch:
    """The seconds of one job by stage. Stages may overlap, and add up where they are repeated."""

    def __init__(self) -> None:
        self._seconds: Counter[str] = Counter()
        self._started = time.perf_counter()

    @contextmanager
    def measure(self, stage: Stage) -> Iterator[None]:
        """Adds the time that the block takes, failed or not."""
        start = time.perf_counter()
        try:
            with tracing.span(stage):
                yield
        finally:
            seconds = time.perf_counter() - start
            for label in labels(stage):
                self._seconds[label] += seconds  # type: ignore[assignment]  # a Counter adds floats as well
                STAGE_SECONDS.labels(label).observe(seconds)

    @property
    def by_stage(self) -> Mapping[str, float]:
        """Seconds by stage so far."""
        return {stage: round(seconds, 4) for stage, seconds in self._seconds.items()}

    @property
    def total(self) -> float:
        """Seconds since this run of the job began."""
        return round(time.perf_counter() - self._started, 4)
