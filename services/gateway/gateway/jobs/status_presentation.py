"""How each status of a job is presented to the app: its word, its progress band and its message."""

from dataclasses import dataclass
from typing import Final

from servicekit.jobstore import JobStatus


@dataclass(frozen=True, kw_only=True)
class StatusPresentation:
    """How a status looks from outside."""

    start: float
    """Progress when it begins, 0–1."""

    end: float
    """Progress when it is done, 0–1."""

    message: str
    """For people; may hold `{style}`."""

    word: str
    """The coarse word of the polled status."""


STATUS_PRESENTATIONS: Final = {
    JobStatus.QUEUED: StatusPresentation(start=0.0, end=0.0, message="Your transformation is queued...", word="queued"),
    JobStatus.ANALYZING: StatusPresentation(start=0.1, end=0.2, message="Analyzing your room...", word="analyzing"),
    JobStatus.DETECTING: StatusPresentation(start=0.2, end=0.3, message="Detecting furniture...", word="analyzing"),
    JobStatus.GENERATING: StatusPresentation(
        start=0.3, end=0.5, message="Generating control images...", word="generating"
    ),
    JobStatus.TRANSFORMING: StatusPresentation(
        start=0.5, end=0.9, message="Applying {style} style...", word="generating"
    ),
    JobStatus.FINALIZING: StatusPresentation(
        start=0.9, end=0.95, message="Finalizing your design...", word="generating"
    ),
    JobStatus.COMPLETED: StatusPresentation(start=1.0, end=1.0, message="Your new room is ready!", word="completed"),
    JobStatus.FAILED: StatusPresentation(start=0.0, end=1.0, message="Your transformation failed.", word="failed"),
    JobStatus.CANCELLED: StatusPresentation(
        start=0.0, end=1.0, message="Your transformation was cancelled.", word="cancelled"
    ),
}


def progress(status: JobStatus, share: float) -> float:
    """Progress of a job that has done `share` (0–1) of the work of a status."""
    band = STATUS_PRESENTATIONS[status]
    return round(band.start + (band.end - band.start) * min(1.0, max(0.0, share)), 4)


def message(status: JobStatus, *, style: str) -> str:
    """What people are told."""
    return STATUS_PRESENTATIONS[status].message.format(style=style)
