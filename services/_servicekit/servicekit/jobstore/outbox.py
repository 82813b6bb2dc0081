"""Deliveries of webhooks, which tell a receiver that a job was accepted, and how it has ended.

A delivery is scheduled in the step that accepts or ends its job, so none is lost. It is kept until the receiver has
accepted it, it is given up, or its job expires. Any number of processes may deliver: each attempt is leased, and where
a process dies its delivery is due again when the lease expires. So a receiver is told at least once, always with the
same id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from servicekit.jobstore.values import ENDINGS, JobStatus

ACCEPTED: Final = "accepted"
"""The event of a job's acceptance; the others are called as the endings."""
EVENTS: Final = (ACCEPTED, JobStatus.COMPLETED.value, JobStatus.FAILED.value, JobStatus.CANCELLED.value)
"""What a receiver may ask to be told of."""
_ACCEPTED_SUFFIX: Final = f"#{ACCEPTED}"


def accepted(job_id: str) -> str:
    """The stored name of the delivery that tells of a job's acceptance; that of its ending is called as the job."""
    return job_id + _ACCEPTED_SUFFIX


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One webhook to send, leased to one process."""

    name: str
    """What it is stored as."""

    job_id: str
    tenant: str
    """The customer whose job it is."""
    url: str

    status: JobStatus
    """One of ENDINGS, or `queued` where it tells of the acceptance."""

    message: str
    """Public."""

    error: str
    """JSON with `code`, `message` and `retryable`; of a failed job."""

    created_at: datetime
    """When the job was submitted."""

    happened_at: datetime

    attempt: int
    """1 for the first."""

    token: str
    """Proves the lease; made anew for each attempt."""

    traceparent: str = ""
    """The trace that the job belongs to."""

    @property
    def event(self) -> str:
        """One of EVENTS."""
        return self.status if self.status in ENDINGS else ACCEPTED

    @property
    def message_id(self) -> str:
        """The same for every attempt: a receiver knows by it what it has had already."""
        return f"msg_{self.job_id}" if self.status in ENDINGS else f"msg_{self.job_id}_{ACCEPTED}"


class Outcome(StrEnum):
    """How an attempt went. The values are stored, so they stay as they are."""

    DELIVERED = "delivered"

    RETRY = "again"
    """It failed and is repeated."""

    DEFERRED = "later"
    """It was not made, since too many were under way; it is made later."""

    DEAD = "lost"
    """It failed and is not repeated: a dead letter for operators."""


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What is recorded of an attempt."""

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
    """How long the delivery that is due longest has been due; 0 where none is due."""


class Outbox(Protocol):
    """What the notifier does with deliveries. Every method raises Unavailable where the store does not answer."""

    async def claim(self, *, limit: int, lease_seconds: float) -> Sequence[Delivery]:
        """Leases deliveries that are due."""

    async def settle(self, delivery: Delivery, settlement: Settlement) -> None:
        """Records how an attempt went and ends its lease; nothing where the lease has expired or the job is gone."""

    async def close_endpoint(self, tenant: str, url: str, *, seconds: float) -> None:
        """Records that a tenant's endpoint says it is gone: nothing is sent to it for a while."""

    async def is_closed(self, tenant: str, url: str) -> bool:
        """Whether an endpoint is known to be gone."""

    async def state(self) -> OutboxState:
        """How much there is to deliver."""

    async def close(self) -> None:
        """Closes connections."""
