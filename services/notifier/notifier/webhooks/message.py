"""What a receiver is told: which job was accepted or ended, how, and why. Who may see its pictures asks for them."""

from dataclasses import dataclass

import msgspec

from servicekit.jobstore.outbox import Delivery


@dataclass(frozen=True, kw_only=True)
class Data:
    """The job."""

    job_id: str
    status: str

    message: str
    """For people, the same as in the job's last event."""

    error: msgspec.Raw | None
    """`code`, `message` and `retryable` of a failed job."""

    created_at: str
    """ISO 8601, UTC."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """The body of a delivery, the same for every attempt."""

    type: str
    """`transform.accepted`, `transform.completed`, `transform.failed` or `transform.cancelled`."""

    timestamp: str
    """When it happened, ISO 8601, UTC."""

    data: Data


def body(delivery: Delivery) -> bytes:
    """As JSON."""
    data = Data(
        job_id=delivery.job_id,
        status=delivery.status,
        message=delivery.message,
        error=msgspec.Raw(delivery.error) if delivery.error else None,
        created_at=delivery.created_at.isoformat(),
    )
    return msgspec.json.encode(
        Message(type=f"transform.{delivery.event}", timestamp=delivery.happened_at.isoformat(), data=data)
    )
