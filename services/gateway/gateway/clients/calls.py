"""Failures of calls to other services, as the gateway's own errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import grpc

from servicekit.errors import ServiceError, Unavailable
from servicekit.observability import logs
from servicekit.rpc.status import from_call

log = logs.get(__name__)

CONNECTION_LOST: Final = "CONNECTION_LOST"
_MESSAGE: Final = "A part of the service does not answer at the moment."


@contextmanager
def translated(service: str) -> Iterator[None]:
    """Turns the failure of a call into the ServiceError that it means."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        known = from_call(error)
        log.warning("call failed", to=service, code=known.code.name, reason=known.reason, problem=error.details())
        match known.code:
            case grpc.StatusCode.CANCELLED:  # by a server that stops; a call that we cancel ends by CancelledError
                raise Unavailable("SERVICE_STOPPING", _MESSAGE) from error
            case grpc.StatusCode.UNKNOWN:
                raise broke_off() from error
        raise known from error


def broke_off() -> ServiceError:
    """The other side went away in the middle of an answer."""
    return Unavailable(CONNECTION_LOST, _MESSAGE)
