"""Repeats calls to a service or a store that is away, which is no fault of the job that needs it.

The call is repeated at growing intervals for as long as the job may run; the job keeps its worker and what is done so
far. A failure that the job itself may cause (a connection that breaks during the work, no memory) is left to the
handler, which counts tries.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from grpc import StatusCode

from gateway.clients.calls import CONNECTION_LOST
from servicekit.backoff import Backoff
from servicekit.errors import ServiceError
from servicekit.observability import logs

log = logs.get(__name__)

Value = TypeVar("Value")

BUSY: Final = "QUEUE_FULL"
"""The reason of a service that refuses a call because it has too much to do."""


def is_transient(error: ServiceError) -> bool:
    """Whether the service is away or busy, which has nothing to do with the job."""
    return error.reason == BUSY or (error.code is StatusCode.UNAVAILABLE and error.reason != CONNECTION_LOST)


async def with_retries(attempt: Callable[[], Awaitable[Value]], *, seconds_left: Callable[[], float]) -> Value:
    """The result of the attempt, repeated while it fails for a passing reason; raises that reason when time is up."""
    backoff, away = Backoff(first=0.1), None
    while True:
        try:
            return await attempt()
        except ServiceError as error:
            if away and error.code is StatusCode.DEADLINE_EXCEEDED:
                raise away from error
            if not is_transient(error):
                raise
            away = error
            pause = max(backoff.next_pause(), error.retry_after_seconds)
            if pause >= seconds_left():
                raise
            log.info("waiting until it passes", reason=error.reason, seconds=round(pause, 2))
        await asyncio.sleep(pause)
