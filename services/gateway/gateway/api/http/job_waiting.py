"""`?wait=`: an answer that comes when the job has ended, or when the time is over."""

import asyncio
from contextlib import aclosing
from typing import Annotated, Final

from fastapi import Query

from gateway.api.auth import Caller
from gateway.api.limits.streams import StreamLimiter
from servicekit.errors import ServiceError
from servicekit.jobstore import Event
from servicekit.jobstore.fanout import EventFanout
from servicekit.observability import logs

log = logs.get(__name__)

MAX_SECONDS: Final = 60

Wait = Annotated[
    float,
    Query(
        ge=0,
        le=MAX_SECONDS,
        allow_inf_nan=False,
        description="Seconds to wait for the job's ending. Where it comes in time it is the answer, else as without.",
    ),
]


class JobWaiter:
    """Waits for endings, each as one of the caller's event streams."""

    def __init__(self, events: EventFanout[Event], limiter: StreamLimiter) -> None:
        self._events = events
        self._limiter = limiter

    async def ended(self, job_id: str, caller: Caller, *, seconds: float) -> bool:
        """Whether a job of the caller's has ended within the time; False as well where nobody can tell."""
        if not seconds:
            return False
        try:
            with self._limiter.one(caller.client):
                async with asyncio.timeout(seconds), aclosing(self._events.watch(job_id)) as events:
                    async for event in events:
                        if event.terminal:
                            return True
        except TimeoutError:
            pass
        except ServiceError as error:
            log.warning("not waited", problem=str(error))
        return False
