"""The values of the job store: jobs, their events and endings, and what goes into it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class JobStatus(StrEnum):
    """Where a job is, in the order of its events; the last three are endings."""

    QUEUED = "queued"
    ANALYZING = "analyzing"
    DETECTING = "detecting"
    GENERATING = "generating"
    TRANSFORMING = "transforming"
    FINALIZING = "finalizing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDINGS: Final = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})


class Priority(StrEnum):
    """How soon somebody wants a job."""

    INTERACTIVE = "interactive"
    """A person waits for it."""

    BATCH = "batch"
    """It may wait behind those."""


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """A job to accept."""

    job_id: str
    """UUID, made by the server."""

    payload: str
    """What the worker needs, as JSON."""

    message: str
    """Of the `queued` event."""

    tenant: str = ""
    """The customer whose job it is. Tenants take turns, however many jobs each of them submits."""

    priority: Priority = Priority.INTERACTIVE

    cost: int = 1
    """Its work in units, at least 1: a tenant's next job starts this much later, and the queue's limits count it."""

    first_look: bool = False
    """Whether the job waits for a first look as well: a picture made at once, before any worker claims the job."""

    idempotency_key: str = ""
    """The tenant's own; empty for none."""

    request_digest: str = ""
    """Hex digest of the whole request; the same key with another digest is a conflict."""

    webhook_url: str = ""
    """The receiver that is told of events; empty for none."""

    webhook_events: tuple[str, ...] = ()
    """What it is told of: `accepted`, or the word of an ending; none for every ending."""

    traceparent: str = ""
    """The trace that the job belongs to (W3C); empty for none."""

    wait_seconds: float = 600.0
    """A job that no worker has claimed within this time fails, as does one that no device has taken by then."""

    run_seconds: float = 120.0
    """A job that runs longer than this, retries included, fails. The time begins when the job is claimed, and anew when
    its device takes it."""

    retention_seconds: float = 86_400.0
    """Record and events are kept this long after submit."""


@dataclass(frozen=True, kw_only=True, order=True)
class Position:
    """Where a job lies among its tenant's; later ones are greater."""

    milliseconds: int
    """Of its submission, since the epoch."""
    job_id: str


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """The answer to `submit`."""

    job_id: str
    """The new job's, or that of the job that the same idempotency key made before."""

    created: bool
    """False where the job had been submitted before."""

    queue_position: int
    """1 for the next in line, 0 where it does not wait any more."""

    work_ahead: int = 0
    """Units of work of the jobs before it in the queue, as `NewJob.cost` tells them."""


@dataclass(frozen=True, kw_only=True)
class Update:
    """Something to append to a job's log while it runs."""

    status: JobStatus
    progress: float
    message: str
    step: int = 0
    total_steps: int = 0
    preview_key: str = ""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a job ends."""

    status: JobStatus
    """One of ENDINGS."""

    message: str
    """Public."""

    result: str = ""
    """JSON; of a completed job."""

    error: str = ""
    """JSON with `code`, `message` and `retryable`; of a failed job."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """An entry of a job's log."""

    job_id: str
    seq: int
    status: JobStatus
    progress: float
    message: str
    timestamp: datetime
    step: int = 0
    total_steps: int = 0
    preview_key: str = ""
    traceparent: str = ""
    """The job's, with its terminal event alone."""

    @property
    def terminal(self) -> bool:
        """Whether nothing follows."""
        return self.status in ENDINGS


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job's record."""

    job_id: str
    tenant: str
    """The customer whose job it is."""
    status: JobStatus
    progress: float
    message: str
    payload: str
    result: str
    error: str
    preview_key: str
    """Of the latest preview; empty for none."""
    created_at: datetime
    expires_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    deliveries: int
    """How often it was claimed, without the claims that a retry did not count."""
    purging: bool
    """Whether it is being deleted with all its objects."""
    queue_position: int
    """1 for the next in line, 0 where it does not wait."""
    work_ahead: int = 0
    """Units of work of the jobs before it in the queue, as `NewJob.cost` tells them."""
    traceparent: str = ""
    """The trace that it belongs to."""


@dataclass(frozen=True, kw_only=True)
class JobPage:
    """Some jobs of a tenant, the newest first."""

    jobs: tuple[Job, ...]
    """May be fewer than asked for though others follow: jobs that expire or are being purged are left out."""

    following: Position | None
    """Go on before this one; None where nothing follows."""


@dataclass(frozen=True, kw_only=True)
class QueueState:
    """How busy the workers are."""

    waiting: int
    running: int
    oldest_wait_seconds: float
    recent_seconds: float
    """Median time from claim to completion of recent jobs, for each unit of their work; 0 where none is known."""
    delayed: int = 0
    """Jobs that wait for the delay before their retry."""
    overdue_seconds: float = 0.0
    """How far the most overdue job is past its deadline; more than a moment means that no process does the upkeep."""


class Superseded(Exception):  # noqa: N818 - not an error: somebody else goes on with the job
    """The job has ended, or another worker has taken it over: drop the work, write nothing more."""


class Cancelled(Exception):  # noqa: N818 - not an error: it is what the tenant wants
    """The job was cancelled: drop the work, write nothing more."""
