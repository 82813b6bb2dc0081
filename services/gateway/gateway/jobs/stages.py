"""The words, progress bands and messages that the app relies on."""

from dataclasses import dataclass
from typing import Final

from servicekit.jobstore import JobStatus


@dataclass(frozen=True, kw_only=True)
class Stage:
    """How a status looks from outside."""

    start: float
    """Progress when it begins, 0–1."""

    end: float
    """Progress when it is done, 0–1."""

    message: str
    """For people; may hold `{style}`."""

    word: str
    """The coarse word of the polled status."""


STAGES: Final = {
    JobStatus.QUEUED: Stage(start=0.0, end=0.0, message="Your transformation is queued...", word="queued"),
    JobStatus.ANALYZING: Stage(start=0.1, end=0.2, message="Analyzing your room...", word="analyzing"),
    JobStatus.DETECTING: Stage(start=0.2, end=0.3, message="Detecting furniture...", word="analyzing"),
    JobStatus.GENERATING: Stage(start=0.3, end=0.5, message="Generating control images...", word="generating"),
    JobStatus.TRANSFORMING: Stage(start=0.5, end=0.9, message="Applying {style} style...", word="generating"),
    JobStatus.FINALIZING: Stage(start=0.9, end=0.95, message="Finalizing your design...", word="generating"),
    JobStatus.COMPLETED: Stage(start=1.0, end=1.0, message="Your new room is ready!", word="completed"),
    JobStatus.FAILED: Stage(start=0.0, end=1.0, message="Your transformation failed.", word="failed"),
    JobStatus.CANCELLED: Stage(start=0.0, end=1.0, message="Your transformation was cancelled.", word="cancelled"),
}


def progress(status: JobStatus, share: float) -> float:
    """Progress of a job that has done `share` (0–1) of a stage."""
    stage = STAGES[status]
    return round(stage.start + (stage.end - stage.start) * min(1.0, max(0.0, share)), 4)


def message(status: JobStatus, *, style: str) -> str:
    """What people are told."""
    return STAGES[status].message.format(style=style)
