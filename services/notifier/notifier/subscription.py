"""The events of every job, from one subscription to all that happens."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from itertools import chain
from typing import Final, NoReturn

from prometheus_client import Counter, Gauge

from servicekit.backoff import Backoff
from servicekit.config import config_hints
from servicekit.errors import ServiceError, Unavailable
from servicekit.jobstore import Event, EventLog
from servicekit.observability import logs, tracing

log = logs.get(__name__)

EVENTS: Final = Counter("modomo_events_received_total", "Events of all jobs that came in over the subscription")
FLOWING: Final = Gauge("modomo_events_flowing", "Whether there is a subscription to events")

PROBE_SECONDS: Final = 2.0
CATCH_UPS_AT_ONCE: Final = 16


class EventSubscription:
    """An EventSource that reads what has happened from an event log, and hears of the rest while `run` runs."""

    def __init__(self, events: EventLog) -> None:
        self._log = events
        self._listeners: dict[str, set[asyncio.Queue[Event | None]]] = {}
        """By job; None says that events may have been missed."""
        self._catching_up = asyncio.Semaphore(CATCH_UPS_AT_ONCE)

    async def watch(self, job_id: str) -> AsyncGenerator[Sequence[Event], None]:
        """All events of a job, ending after the terminal one; the first batch holds all that has happened so far.

        Raises NotFound, also for a job that is deleted meanwhile, and Unavailable where the log cannot be read at
        first. Outages after that are waited out.
        """
        heard: asyncio.Queue[Event | None] = asyncio.Queue()
        listeners = self._listeners.setdefault(job_id, set())
        listeners.add(heard)  # before reading, so that nothing falls between the two
        try:
            last_seq, events = 0, await self._log.read(job_id)
            while True:
                if events:
                    yield events
                    last_seq = events[-1].seq
                    if events[-1].terminal:
                        return
                event = await heard.get()
                if event is None or event.seq > last_seq + 1:
                    events = await self._catch_up(job_id, last_seq)
                else:
                    events = [event] if event.seq > last_seq else []
        finally:
            listeners.remove(heard)
            if not listeners:
                del self._listeners[job_id]

    async def run(self, on_change: Callable[[bool], Awaitable[None]]) -> NoReturn:
        """Listens until it is cancelled; tells `on_change` when events begin and cease to flow."""
        backoff = Backoff()
        while True:
            try:
                async with self._log.announcements() as announced, asyncio.TaskGroup() as group:
                    self._announce_gap()
                    await on_change(True)
                    FLOWING.set(1)
                    backoff.reset()
                    group.create_task(self._probe())
                    async for event in announced:
                        EVENTS.inc()
                        self._announce(event)
            except* Unavailable as errors:
                problem = f"MODOMO_REDIS_URL: {errors.exceptions[0].__cause__ or errors.exceptions[0]}"
                log.warning(
                    "events do not flow",
                    jobs=len(self._listeners),
                    problem=problem,
                    **config_hints.chart_value(problem),
                )
            FLOWING.set(0)
            await on_change(False)
            await backoff.wait()

    def _announce(self, event: Event) -> None:
        if listeners := self._listeners.get(event.job_id):
            for listener in listeners:
                listener.put_nowait(event)
            tracing.record(f"announce {event.status}", since=event.timestamp, parent=event.traceparent)

    def _announce_gap(self) -> None:
        """Has every listener read what was written while there was no subscription."""
        for listener in chain.from_iterable(self._listeners.values()):
            listener.put_nowait(None)

    async def _catch_up(self, job_id: str, last_seq: int) -> Sequence[Event]:
        """What was missed; raises NotFound. A few at a time: after an outage every watched job comes here."""
        backoff = Backoff()
        while True:
            try:
                async with self._catching_up:
                    return await self._log.read(job_id, after=last_seq)
            except ServiceError as error:
                if not error.retryable:
                    raise
            await backoff.wait()

    async def _probe(self) -> NoReturn:
        """Raises Unavailable when the store stops answering, which a silent subscription would not show."""
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            await self._log.check()
