"""Every public sentence of the job store: why a job was failed by the store, why a request about a job is refused."""

from dataclasses import dataclass
from typing import Final

import msgspec

from servicekit.errors import Conflict, Exhausted, FailedPrecondition, InvalidArgument, NotFound, Unavailable


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A failure that no worker reported."""

    code: str
    """Stable, UPPER_SNAKE_CASE."""

    message: str
    """A sentence for people."""

    retryable: bool
    """Whether submitting the same again makes sense."""

    def as_json(self) -> str:
        """What becomes the record's `error`."""
        return msgspec.json.encode(self).decode()


WAITED_TOO_LONG: Final = Failure(
    code="WAITED_TOO_LONG", message="We are too busy at the moment. Please try again later.", retryable=True
)
RAN_TOO_LONG: Final = Failure(
    code="RAN_TOO_LONG", message="Your transformation took too long and was stopped.", retryable=True
)
GAVE_UP: Final = Failure(
    code="GAVE_UP", message="Your transformation failed several times, so we stopped trying.", retryable=True
)


def unknown_job() -> NotFound:
    """No record: never submitted, or expired."""
    return NotFound("UNKNOWN_JOB", "There is no such job, or it has expired.")


def key_reused() -> Conflict:
    """An idempotency key came with another request than before."""
    return Conflict("IDEMPOTENCY_KEY_REUSED", "This idempotency key was used for a different request.")


def queue_full(*, work: int = 1, retry_after_seconds: float) -> Exhausted:
    """As much work waits as may, or nearly so for a job that is so many units of work."""
    message = f"Too many transformations are waiting{_for_one_of(work)}. Try again soon."
    return Exhausted("QUEUE_FULL", message, retry_after_seconds=retry_after_seconds)


def too_many_waiting(*, work: int = 1, retry_after_seconds: float) -> Exhausted:
    """As much work of one tenant and priority waits as may; others may still submit."""
    message = f"Too many of your transformations are waiting{_for_one_of(work)}. Try again soon."
    return Exhausted("TOO_MANY_WAITING", message, retry_after_seconds=retry_after_seconds)


def _for_one_of(work: int) -> str:
    """Why a job is refused where a smaller one might be let in."""
    return f" for another that is as much work as {work} pictures" if work > 1 else ""


def already_ended(status: str) -> FailedPrecondition:
    """Cancelling came too late."""
    return FailedPrecondition("JOB_ENDED", f"The job has already {status}.")


def webhook_gone() -> InvalidArgument:
    """The receiver has answered 410 Gone before."""
    message = "The receiver of webhook_url has answered that it is gone. Nothing is sent to it for a while."
    return InvalidArgument("WEBHOOK_GONE", message, field="webhook_url")


def store_unavailable() -> Unavailable:
    """The store does not answer, or not as it should."""
    return Unavailable("JOB_STORE_UNAVAILABLE", "Jobs cannot be read or changed at the moment.")
