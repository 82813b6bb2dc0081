"""Job truth: what was accepted, what happened to it, and how it ended. Exactly once.

A job is a record, an event log and a place: it waits for its turn, a worker has it for as long as it is heard of, or it
waits for a retry. All three live in one store and change together:

    submit ─▶ queued ─▶ claim ─▶ append … ─▶ finish ─▶ completed | failed | cancelled
                         ▲  │ heartbeat
                         └──┘ takeover after the idle limit, or retry with backoff

Rules that every implementation keeps:

- A job that `submit` returned is never lost.
- A job gets exactly one terminal event, its last; whoever is not the owner any more is refused (`Superseded`).
- `seq` counts 1, 2, 3, … without a gap; `progress` never goes down.
- Whoever asked to be told of an ending (`webhook_url`) is told, however often it takes (`outbox`).
- Cancelling ends a job at once, waiting or running; whoever works on it is told, and can write nothing more.

Payloads and results are opaque JSON text here: what is in them is the gateway's matter.
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
    JobStatus,
    NewJob,
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
    "Job",
    "JobStatus",
    "JobStore",
    "NewJob",
    "Priority",
    "QueueState",
    "Submitted",
    "Superseded",
    "Update",
    "WorkQueue",
]


class JobStore(Protocol):
    """What the gateway's api does with jobs."""

    async def submit(self, job: NewJob, *, queue_limit: int, tenant_limit: int | None = None) -> Submitted:
        """Accepts a job; raises Exhausted where too many wait, Conflict for a reused idempotency key.

        `queue_limit` bounds all that wait, `tenant_limit` those of the job's tenant and urgency (None: no more).
        """

    async def get(self, job_id: str) -> Job:
        """Reads a record; raises NotFound."""

    async def cancel(self, job_id: str, *, message: str) -> None:
        """Ends a job; done for one that is cancelled, raises NotFound, FailedPrecondition where it ended otherwise."""

    async def retire(self, job_id: str, *, message: str) -> Job:
        """Ends a job at once, whoever works on it, so that all of it can be deleted; raises NotFound."""

    async def erase(self, job_id: str) -> None:
        """Deletes everything that is known of a retired job; done for one that is gone."""

    async def queue_state(self) -> QueueState:
        """How busy the workers are."""

    async def tally(self) -> Mapping[tuple[JobStatus, str], int]:
        """How many jobs have ended so far, by status and, where they failed, the failure's code: whoever ended them."""

    async def check(self) -> None:
        """Raises Unavailable where the store does not answer."""

    async def close(self) -> None:
        """Lets go of connections."""


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
        """Lets go of connections."""


class Claim(Protocol):
    """A job that this worker owns for now. The implementation sends heartbeats by itself while it is open."""

    @property
    def job(self) -> Job:
        """The record as it was when claimed."""

    @property
    def seconds_left(self) -> float:
        """Until the job's running deadline."""

    async def append(self, update: Update) -> None:
        """Adds an event; a lower progress is raised to the last one. Raises Superseded, Cancelled."""

    async def finish(self, ending: Ending) -> None:
        """Ends the job and its claim in one step, with its result.

        Raises Superseded, Cancelled.
        """

    async def retry(self, *, delay_seconds: float, counts: bool = True) -> None:
        """Gives the job back to be claimed again after the delay; fails it where it was delivered too often.

        `counts` is whether this delivery is one of them: not where nothing went wrong with the job itself. Raises
        Superseded, Cancelled.
        """

    async def lost(self) -> None:
        """Returns, by raising, when the job is not to be worked on any more: Superseded or Cancelled."""


class WorkQueue(Protocol):
    """What a worker does with jobs."""

    async def claim(self) -> Claim:
        """Waits for a job: a new one, a retry that is due, or one whose worker has died.

        Ends by itself, with a public reason, jobs that waited too long, ran too long or were delivered too often.
        """

    async def check(self) -> None:
        """Raises Unavailable where the store does not answer."""

    async def close(self) -> None:
        """Gives back what is claimed and lets go of connections."""
