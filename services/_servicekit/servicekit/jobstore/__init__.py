"""The job store: which jobs were accepted, what happened to each, and how it ended. Exactly once.

A job is a record, an event log and a place in the queue. All three change together, in one atomic step:

    submit ─▶ queued ─▶ claim ─▶ append … ─▶ finish ─▶ completed | failed | cancelled
                         ▲  │ heartbeat
                         └──┘ takeover when the lease expires, or retry after a delay

claim        a worker takes the next job and gets a lease on it, proven by a token
lease        the right to work on a job and to write to it; it expires unless heartbeats extend it
heartbeat    extends the lease, and tells a worker that its lease is gone
device       what computes a job; the claim's holder tells when the job waits for it and when it has taken the job
takeover     another worker claims a job whose lease has expired
ack          `finish`: result, terminal event and the end of the lease in one step
retry        the worker gives a job back, to be claimed again after a delay
first look   a picture that somebody makes at once, without the lease; the job's first picture, or none at all
delivery     one claim of a job; after too many the job fails and leaves a dead letter for operators
cancel       ends a job; `begin_purge` ends it and marks it, `finish_purge` deletes all that is known of it

Rules that every implementation keeps:

- A job that `submit` returned is never lost.
- A job gets exactly one terminal event, its last; whoever does not hold the lease is refused (`Superseded`).
- `seq` counts 1, 2, 3, … without a gap; `progress` never goes down.
- The receiver that a job names (`webhook_url`) is told of what it asks for (`webhook_events`; every ending where it
  asks for nothing), after as many attempts as it takes (`outbox`).
- A first look comes before every other picture of the job and before its ending, or not at all.
- Cancelling ends a job at once, waiting or running; its worker is told, and can write nothing more.

Payloads and results are JSON texts that the store does not read; they are the gateway's.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from servicekit.jobstore.values import (
    ENDINGS,
    Cancelled,
    Ending,
    Event,
    Job,
    JobPage,
    JobStatus,
    NewJob,
    Position,
    Priority,
    QueueState,
    Submitted,
    Superseded,
    Update,
)

__all__ = [
    "ENDINGS",
    "Cancelled",
    "Claim",
    "Ending",
    "Event",
    "EventLog",
    "FirstLooks",
    "Job",
    "JobPage",
    "JobStatus",
    "JobStore",
    "NewJob",
    "Position",
    "Priority",
    "QueueState",
    "Submitted",
    "Superseded",
    "Update",
    "WorkQueue",
]


class JobStore(Protocol):
    """What the gateway's api does with jobs. Every method raises Unavailable where the store does not answer."""

    async def submit(self, job: NewJob, *, queue_limit: int, tenant_limit: int | None = None) -> Submitted:
        """Accepts a job; raises Exhausted where too many wait, Conflict for a reused idempotency key.

        `queue_limit` bounds the work of all that wait (`NewJob.cost`), `tenant_limit` that of the job's tenant and
        priority (None: the same). A job that is more than that is accepted where nothing else waits.
        """

    async def get(self, job_id: str) -> Job:
        """Reads a record; raises NotFound."""

    async def jobs_of(self, tenant: str, *, limit: int, before: Position | None = None) -> JobPage:
        """Jobs of a tenant, the newest first, beginning behind `before`."""

    async def cancel(self, job_id: str, *, message: str) -> None:
        """Ends a job; done for one that is cancelled, raises NotFound, FailedPrecondition where it ended otherwise."""

    async def begin_purge(self, job_id: str, *, message: str) -> Job:
        """Ends a job at once and marks it as being purged, before its objects are deleted; raises NotFound."""

    async def finish_purge(self, job_id: str) -> None:
        """Deletes everything that is known of a job whose purge has begun; done for one that is gone."""

    async def queue_state(self) -> QueueState:
        """How busy the workers are."""

    async def ended_counts(self) -> Mapping[tuple[JobStatus, str], int]:
        """How many jobs have ended so far, by status and, where they failed, the failure's code."""

    async def check(self) -> None:
        """Raises Unavailable where the store does not answer."""

    async def close(self) -> None:
        """Closes connections."""


class EventLog(Protocol):
    """What the notifier does with events."""

    async def read(self, job_id: str, *, after: int = 0) -> Sequence[Event]:
        """All events that follow `after`; raises NotFound where there is no such job."""

    def announcements(self) -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        """Every event of every job that is written after the context was entered, over one subscription.

        Entering and iterating raise Unavailable where the connection breaks: enter again, then read what was missed.
        """

    async def check(self) -> None:
        """Raises Unavailable where the store does not answer."""

    async def close(self) -> None:
        """Closes connections."""


class Claim(Protocol):
    """A job that this worker holds the lease on. The implementation sends heartbeats by itself while it is open."""

    @property
    def job(self) -> Job:
        """The record as it was when claimed."""

    @property
    def seconds_left(self) -> float:
        """Until the job's running deadline."""

    @property
    def run_seconds(self) -> float:
        """How long the job may run once its device has taken it."""

    @property
    def waits_for_device(self) -> bool:
        """Whether the job waits for its device."""

    async def wait_for_device(self) -> None:
        """From now on the job waits for its device, for as long as it may wait at all; once a claim.

        Raises Superseded, Cancelled.
        """

    async def device_taken(self) -> None:
        """The device has taken the job, whose deadline for running begins now; once a claim.

        Raises Superseded, Cancelled.
        """

    async def append(self, *updates: Update) -> None:
        """Adds events, in one step; a progress below the last is raised to it. Raises Superseded, Cancelled."""

    async def finish(self, ending: Ending) -> None:
        """Ends the job and the lease in one step, with its result. Raises Superseded, Cancelled."""

    async def retry(self, *, delay_seconds: float, counts: bool = True) -> None:
        """Gives the job back to be claimed again after the delay; fails it where it was delivered too often.

        `counts` is false where nothing went wrong with the job itself: this delivery is then not counted. Raises
        Superseded, Cancelled.
        """

    async def lost(self) -> None:
        """Waits until the lease is gone, then raises Superseded or Cancelled."""


class FirstLooks(Protocol):
    """What makers of first looks do with jobs: best effort, beside whoever works on the job."""

    async def take(self) -> Job:
        """Waits for a job that was submitted with `first_look`; by their turns, each given out at most once.

        Jobs that have ended or shown a picture meanwhile are left out.
        """

    async def show(self, job_id: str, preview_key: str) -> bool:
        """Adds the picture to the job's log; False where the job has ended, is gone, or has shown one already.

        Raises Unavailable.
        """

    async def check(self) -> None:
        """Raises Unavailable where the store does not answer."""

    async def close(self) -> None:
        """Closes connections."""


class WorkQueue(Protocol):
    """What a worker does with jobs."""

    async def claim(self) -> Claim:
        """Waits for a job: a new one, a retry that is due, or one whose lease has expired.

        Fails, with a public reason, jobs that waited too long, ran too long or were delivered too often.
        """

    async def check(self) -> None:
        """Raises Unavailable where the store does not answer."""

    async def close(self) -> None:
        """Releases what is claimed and closes connections."""
