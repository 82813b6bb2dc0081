"""What was seen from outside."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from tools.bench.figures import Samples

SUBMIT: Final = "submit"
STATUS: Final = "status"
CANCEL: Final = "cancel"
CONNECT: Final = "connect"
"""A socket or an event stream, from opening it to its first message."""
ENDED: Final = "ended"
"""From the answer to a submission to the completed event, as its user sees it."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """One thing that took time."""

    kind: str
    at: float
    """Seconds after the beginning at which it began."""
    seconds: float


@dataclass
class Records:
    """Everything of one run."""

    started: float = field(default_factory=time.perf_counter)
    timed: list[Record] = field(default_factory=list)
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Number of answers by kind of request and HTTP status."""
    endings: Counter[str] = field(default_factory=Counter)
    """Number of jobs by how they ended."""
    problems: list[str] = field(default_factory=list)
    """What must not happen: lost jobs, two endings, answers that say that the server is at fault."""

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self.started

    @contextmanager
    def measure(self, kind: str) -> Iterator[None]:
        """Records how long a block takes; nothing where it raises."""
        at = self.now
        yield
        self.took(kind, at)

    def took(self, kind: str, began: float) -> None:
        """Records what began then and has ended now."""
        self.timed.append(Record(kind=kind, at=began, seconds=self.now - began))

    def answered(self, kind: str, status: int) -> None:
        """Counts an answer; one that says that the server is at fault is a problem."""
        self.answers[kind, status] += 1
        if status >= 500:
            self.problems.append(f"{kind} answered {status} after {self.now:.1f} s")

    def of(self, kind: str) -> list[Record]:
        """Those of one kind, in the order in which they ended."""
        return [record for record in self.timed if record.kind == kind]

    def samples(self, kind: str) -> Samples:
        """Their seconds."""
        return Samples([record.seconds for record in self.of(kind)])

    def refused(self) -> dict[str, int]:
        """Number of answers by kind and status that are neither success nor the server's fault."""
        by: defaultdict[str, int] = defaultdict(int)
        for (kind, status), count in self.answers.items():
            if 400 <= status < 500:
                by[f"{kind} {status}"] += count
        return dict(by)
