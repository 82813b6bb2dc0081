"""Waiting for what is away: a service or a store that does not answer says nothing about the job that needs it.

It is asked again, more and more slowly, for as long as the job may run; the job keeps its worker and what is done so
far. A failure that may be the job's own doing (a connection that breaks in mid-work, no memory) is left to the handler,
which counts.
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
"""Why a service that has too much to do refuses a call."""


def is_transient(error: ServiceError) -> bool:
    """Whether somebody is away or busy, whatever the job."""
    return error.reason == BUSY or (error.code is StatusCode.UNAVAILABLE and error.reason != CONNECTION_LOST)


async def with_retries(attempt: Callable[[], Awaitable[Value]], *, seconds_left: Callable[[], float]) -> Value:
    """What an attempt makes, sooner or later; raises who was away when no time is left, and other failures at once."""
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
