"""Deliveries to those who want to be told how their jobs ended.

A delivery is scheduled in the step that ends its job, so none is lost, and it is kept until it has been taken, was
given up, or its job expires. Any number of processes may deliver: each attempt is leased, and one whose process has
died comes back when its lease is over. So a receiver may be told twice, with the same id, but never not at all.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from servicekit.jobstore import JobStatus


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """An ending to tell, leased to one process."""

    job_id: str
    tenant: str
    """Whose job it is."""
    url: str

    status: JobStatus
    """One of ENDINGS."""

    message: str
    """Public."""

    error: str
    """JSON with `code`, `message` and `retryable`; of a failed job."""

    created_at: datetime
    """When the job was submitted."""

    ended_at: datetime

    attempt: int
    """1 for the first."""

    token: str
    """Proves the lease; made anew for each attempt."""

    traceparent: str = ""
    """The trace that the job belongs to."""

    @property
    def message_id(self) -> str:
        """The same for every attempt: a receiver knows by it what it has had already."""
        return f"msg_{self.job_id}"


class Outcome(StrEnum):
    """How an attempt went."""

    DELIVERED = "delivered"

    RETRY = "again"
    """It failed and is repeated."""

    DEFERRED = "later"
    """It was not made: there was no room for it."""

    DEAD = "lost"
    """It failed and is not repeated."""


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What is written down of an attempt."""

    outcome: Outcome

    reason: str = ""
    """UPPER_SNAKE_CASE, or an HTTP status."""

    delay_seconds: float = 0.0
    """Until the next attempt, if there is one."""

    receiver: str = ""
    """Host name, for operators."""


@dataclass(frozen=True, kw_only=True)
class OutboxState:
    """How much there is to deliver."""

    pending: int
    """Deliveries that are not done."""

    late_seconds: float
    """How long the one that should have been tried first has been due; 0 where none is due."""


class Outbox(Protocol):
    """What the notifier does with deliveries. Every method raises Unavailable where the store does not answer."""

    async def take(self, *, limit: int, lease_seconds: float) -> Sequence[Delivery]:
        """Deliveries that are due, nobody else's for as long as the lease."""

    async def settle(self, delivery: Delivery, settlement: Settlement) -> None:
        """Writes down how an attempt went; nothing where the lease has run out or the job is gone."""

    async def close_endpoint(self, tenant: str, url: str, *, seconds: float) -> None:
        """Sends nothing of a tenant's to an endpoint for a while: it says that it is gone."""

    async def is_closed(self, tenant: str, url: str) -> bool:
        """Whether an endpoint has said so."""

    async def state(self) -> OutboxState:
        """How much there is to deliver."""

    async def close(self) -> None:
        """Lets go of connections."""


def endpoint_digest(tenant: str, url: str) -> str:
    """Names a tenant's endpoint: the URL without the query, which may differ from job to job.

    What a receiver answers to one tenant closes it for that one alone.
    """
    return hashlib.sha256(f"{tenant}\n{url.partition('?')[0]}".encode()).hexdigest()
