"""What a run came to, beside what the contract aims for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tools.bench.figures import Samples
from tools.load.plan import Plan
from tools.load.probe import Look, Page
from tools.load.records import CANCEL, CONNECT, ENDED, STATUS, SUBMIT, Records

NAMES: Final = {
    SUBMIT: "submitting a photo",
    STATUS: "looking at a status",
    CONNECT: "opening a stream, to its first message",
    CANCEL: "cancelling",
    ENDED: "a job, from its answer to its completed event",
}

TARGETS: Final = {SUBMIT: 0.5, STATUS: 0.2, CANCEL: 1.0, ENDED: 15.0}
"""Seconds that the mission allows. The tighter aims are for machines that do not play client, store and engine too."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One kind of request."""

    kind: str
    samples: Samples

    @property
    def within(self) -> float | None:
        """Share within its target; None where it has none, or there was no such request."""
        target = TARGETS.get(self.kind)
        seconds = self.samples.seconds
        if target is None or not seconds:
            return None
        return sum(one <= target for one in seconds) / len(seconds)


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """Everything that the report shows."""

    plan: Plan
    records: Records
    looks: Sequence[Look]
    before: Mapping[str, Page]
    """Metrics of each process at the beginning."""
    after: Mapping[str, Page]
    """And at the end."""
    engine: str

    @property
    def lines(self) -> list[Line]:
        """Every kind of request that there was."""
        lines = (Line(kind=kind, samples=self.records.samples(kind)) for kind in NAMES)
        return [line for line in lines if line.samples.seconds]

    @property
    def jobs(self) -> int:
        """That were accepted."""
        return self.records.answers[SUBMIT, 202]

    @property
    def good(self) -> bool:
        """Whether every job has its ending and nobody was told that the server is at fault."""
        return not self.records.problems and self.jobs > 0 and sum(self.records.endings.values()) == self.jobs

    def cpu_a_job(self) -> dict[str, float]:
        """CPU seconds of each process for every job that completed."""
        first, last = self.looks[0], self.looks[-1]
        completed = max(1, self.records.endings["completed"])
        return {name: (last.cpu[name] - first.cpu[name]) / completed for name in last.cpu}

    def stages(self) -> dict[str, float]:
        """Mean seconds of each stage, from the worker's own clock."""
        grown = {}
        for stage, _ in self.after["worker-1"].by("modomo_stage_duration_seconds_count", "stage"):
            count = self.grown("worker-1", "modomo_stage_duration_seconds_count", stage=stage)
            if count:
                grown[stage] = self.grown("worker-1", "modomo_stage_duration_seconds_sum", stage=stage) / count
        return grown

    def grown(self, process: str, metric: str, **labels: str) -> float:
        """By how much a metric of a process has grown over the run."""
        return self.after[process].total(metric, **labels) - self.before[process].total(metric, **labels)
