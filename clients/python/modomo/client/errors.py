"""Errors, one class for each thing that a program does about them.

    ModomoError
    ├── RequestError      the request is wrong: mend it; `problems` names each field
    ├── PhotoError        the photo cannot be used: take another
    ├── CredentialError   who calls is unknown, or may not do this
    ├── AbsentError       there is no such thing (of yours), or no longer
    ├── ConflictError     not in the state that things are in
    ├── LimitError        too much at once: again after `retry_after` seconds
    ├── ServiceError      on the service's side: again, later
    ├── JobFailed         a job was accepted, and failed
    ├── JobCancelled      a job was cancelled
    └── Unreachable       no answer

A code of the catalogue decides the class; for a code of a newer service, the HTTP status does.
"""

from collections.abc import Sequence
from typing import ClassVar

from modomo.client.error_kinds import KINDS
from modomo.client.types import FieldProblem, Problem


class ModomoError(Exception):
    """An error; `str` is a sentence for people."""

    kind: ClassVar[str] = ""

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        status: int = 0,
        retryable: bool = False,
        retry_after: float = 0.0,
        problems: Sequence[FieldProblem] = (),
        page: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        """Stable, UPPER_SNAKE_CASE; empty where there was no answer."""
        self.status = status
        """Of HTTP; 0 where there was no answer, or the error is a job's."""
        self.retryable = retryable
        """Whether the same may succeed later."""
        self.retry_after = retry_after
        """Seconds that the service asks to wait; 0 where it says nothing."""
        self.problems = tuple(problems)
        """Every field that is to blame."""
        self.page = page
        """Address of a page about the code."""


class RequestError(ModomoError):
    """The request is wrong."""

    kind = "request"


class PhotoError(ModomoError):
    """The photo cannot be used."""

    kind = "photo"


class CredentialError(ModomoError):
    """Who calls is unknown, or may not do this."""

    kind = "credential"


class AbsentError(ModomoError):
    """There is no such thing of the caller's, or no longer."""

    kind = "absent"


class ConflictError(ModomoError):
    """In conflict with the state of things."""

    kind = "conflict"


class LimitError(ModomoError):
    """Too much at once."""

    kind = "limit"


class ServiceError(ModomoError):
    """On the service's side."""

    kind = "service"


class JobFailed(ModomoError):  # noqa: N818 - says what is the case
    """A job was accepted, and failed."""

    kind = "job"


class JobCancelled(ModomoError):  # noqa: N818 - says what is the case
    """A job was cancelled."""


class Unreachable(ModomoError):  # noqa: N818 - says what is the case
    """No answer."""


_BY_KIND = {
    one.kind: one
    for one in (
        RequestError,
        PhotoError,
        CredentialError,
        AbsentError,
        ConflictError,
        LimitError,
        ServiceError,
        JobFailed,
    )
}
_BY_STATUS = {401: CredentialError, 403: CredentialError, 404: AbsentError, 409: ConflictError, 429: LimitError}


def error_class(code: str, status: int) -> type[ModomoError]:
    """The class for a code, or for a status where the code is not known."""
    if code in KINDS:
        return _BY_KIND[KINDS[code]]
    return _BY_STATUS.get(status, RequestError if 400 <= status < 500 else ServiceError)


def of_problem(problem: Problem, *, retry_after: float) -> ModomoError:
    """An error of an answer."""
    return error_class(problem["code"], problem["status"])(
        problem["detail"],
        code=problem["code"],
        status=problem["status"],
        retryable=problem["retryable"],
        retry_after=retry_after,
        problems=problem.get("errors") or (),
        page=problem["type"],
    )
