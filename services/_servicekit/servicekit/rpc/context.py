"""The request, the job and the deadline that the running code works for.

Logs show the ids, and calls carry them to other services as metadata.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from urllib.parse import unquote

REQUEST_ID_KEY: Final = "x-request-id"
JOB_ID_KEY: Final = "x-job-id"
MAX_ID_LENGTH: Final = 128

request_id: ContextVar[str] = ContextVar("request_id", default="")
job_id: ContextVar[str] = ContextVar("job_id", default="")
deadline: ContextVar[float | None] = ContextVar("deadline", default=None)
"""On the clock of time.monotonic(); None for no deadline."""

_BY_KEY: Final = {REQUEST_ID_KEY: request_id, JOB_ID_KEY: job_id}


def is_id(text: str) -> bool:
    """Whether a text may travel as an id: 1 to 128 printable ASCII characters."""
    return 0 < len(text) <= MAX_ID_LENGTH and text.isascii() and text.isprintable()


def metadata() -> list[tuple[str, str]]:
    """The ids as metadata of a call to the next service; those that gRPC would not carry are left out."""
    return [(key, variable.get()) for key, variable in _BY_KEY.items() if is_id(variable.get())]


def adopt(call_metadata: Iterable[tuple[str, str | bytes]]) -> None:
    """Takes the ids over from a caller; malformed ones are ignored."""
    for key, value in call_metadata:
        variable = _BY_KEY.get(key)
        if variable is not None and isinstance(value, str) and is_id(value):
            variable.set(value)


def peer_host(peer: str) -> str:
    """The address in `ServicerContext.peer()`: `ipv4:10.0.0.1:4711`, `ipv6:%5B::1%5D:4711`; others as they are."""
    kind, _, rest = peer.partition(":")
    return unquote(rest.rpartition(":")[0]).strip("[]") if kind in ("ipv4", "ipv6") else peer


def seconds_left(*, margin: float = 0.05) -> float | None:
    """Time left of the running call, less a margin, for calls made on its behalf; None where it has no deadline."""
    end = deadline.get()
    return None if end is None else max(0.0, end - time.monotonic() - margin)


@contextmanager
def bound(*, request: str | None = None, job: str | None = None) -> Iterator[None]:
    """Runs a block on behalf of a request, a job, or both."""
    tokens = []
    if request is not None:
        tokens.append((request_id, request_id.set(request)))
    if job is not None:
        tokens.append((job_id, job_id.set(job)))
    try:
        yield
    finally:
        for variable, token in reversed(tokens):
            variable.reset(token)
