"""The errors that may leave a service.

    ServiceError                     any code; carries what the caller may read
    ├── InvalidArgument              INVALID_ARGUMENT      the caller sent something unusable; names the field
    ├── Unauthenticated              UNAUTHENTICATED       nobody knows who the caller is
    ├── PermissionDenied             PERMISSION_DENIED     the caller is known, and may not do this
    ├── NotFound                     NOT_FOUND             no such thing, or no longer
    ├── Conflict                     ALREADY_EXISTS        another request holds the same key
    ├── FailedPrecondition           FAILED_PRECONDITION   not in this state
    ├── Exhausted                    RESOURCE_EXHAUSTED    a queue or memory is full; try later
    ├── Unavailable                  UNAVAILABLE           a dependency does not answer; try again
    └── DeadlineExceeded             DEADLINE_EXCEEDED     out of time

Everything else that is raised becomes INTERNAL: the caller reads a public sentence, the log gets the detail.
The shape follows google.rpc.Status with ErrorInfo (AIP-193).
"""

from collections.abc import Mapping
from typing import ClassVar, Final

import grpc

DOMAIN: Final = "modomo"
INTERNAL_MESSAGE: Final = "Something went wrong on our side."

RETRYABLE_CODES: Final = frozenset(
    {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED}
)


class ServiceError(Exception):
    """An error whose every field may be shown to the caller."""

    default_code: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        code: grpc.StatusCode | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{reason}: {message}")
        self.code = code or self.default_code
        """The gRPC code, which decides whether trying again makes sense."""
        self.reason = reason
        """Stable, UPPER_SNAKE_CASE; programs branch on it."""
        self.message = message
        """A sentence for people, free of internals."""
        self.metadata = dict(metadata or {})
        """Details for programs, such as `field` or `retry_after_seconds`."""

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.code in RETRYABLE_CODES

    @property
    def retry_after_seconds(self) -> float:
        """How long to wait at least before the same request is sent again; 0 where nothing is said."""
        try:
            return float(self.metadata.get("retry_after_seconds", "0"))
        except ValueError:  # a peer's text
            return 0.0


class InvalidArgument(ServiceError):  # noqa: N818 - named as the status code that callers know
    """The caller sent something unusable."""

    default_code = grpc.StatusCode.INVALID_ARGUMENT

    def __init__(self, reason: str, message: str, *, field: str) -> None:
        super().__init__(reason, message, metadata={"field": field})


class Unauthenticated(ServiceError):  # noqa: N818 - named as the status code that callers know
    """Nobody knows who the caller is."""

    default_code = grpc.StatusCode.UNAUTHENTICATED


class PermissionDenied(ServiceError):  # noqa: N818 - named as the status code that callers know
    """The caller is known, and may not do this."""

    default_code = grpc.StatusCode.PERMISSION_DENIED


class NotFound(ServiceError):  # noqa: N818 - named as the status code that callers know
    """There is no such thing, or no longer."""

    default_code = grpc.StatusCode.NOT_FOUND


class Conflict(ServiceError):  # noqa: N818 - named as the status code that callers know
    """Another request holds the same key."""

    default_code = grpc.StatusCode.ALREADY_EXISTS


class FailedPrecondition(ServiceError):  # noqa: N818 - named as the status code that callers know
    """The thing is not in a state that allows this."""

    default_code = grpc.StatusCode.FAILED_PRECONDITION


class Exhausted(ServiceError):  # noqa: N818 - named as the status code that callers know
    """A queue or memory is full."""

    default_code = grpc.StatusCode.RESOURCE_EXHAUSTED

    def __init__(self, reason: str, message: str, *, retry_after_seconds: float = 1.0) -> None:
        super().__init__(reason, message, metadata={"retry_after_seconds": f"{retry_after_seconds:g}"})


class Unavailable(ServiceError):  # noqa: N818 - named as the status code that callers know
    """A dependency does not answer."""

    default_code = grpc.StatusCode.UNAVAILABLE

    def __init__(self, reason: str, message: str, *, retry_after_seconds: float = 1.0) -> None:
        super().__init__(reason, message, metadata={"retry_after_seconds": f"{retry_after_seconds:g}"})


class DeadlineExceeded(ServiceError):  # noqa: N818 - named as the status code that callers know
    """Out of time."""

    default_code = grpc.StatusCode.DEADLINE_EXCEEDED


def internal() -> ServiceError:
    """What a caller learns of an unexpected exception."""
    return ServiceError("INTERNAL", INTERNAL_MESSAGE)


def deadline_exceeded() -> DeadlineExceeded:
    """A call that did not end in time."""
    return DeadlineExceeded("DEADLINE_EXCEEDED", "This took too long.")


def out_of_memory() -> Exhausted:
    """A device whose memory is full."""
    message = "The device has too little memory for this at the moment."
    return Exhausted("OUT_OF_MEMORY", message, retry_after_seconds=5)
