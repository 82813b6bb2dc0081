"""All jobs that are watched here, fed by one subscription to everything that happens."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Final, Generic, NoReturn

from prometheus_client import Counter, Gauge

from notifier.feed import Feed, Message
from servicekit.backoff import Backoff
from servicekit.config import config_hints
from servicekit.errors import Exhausted, Unavailable
from servicekit.jobstore import Event, EventLog
from servicekit.observability import logs, tracing

log = logs.get(__name__)

WATCHERS: Final = Gauge("modomo_watchers_open", "Watches that are open")
EVENTS: Final = Counter("modomo_events_received_total", "Events of all jobs that came in over the subscription")
FLOWING: Final = Gauge("modomo_events_flowing", "Whether there is a subscription to events")

PROBE_SECONDS: Final = 2.0
CATCH_UPS_AT_ONCE: Final = 16


class Watches(Generic[Message]):
    """Opens a feed for each job that somebody watches, and keeps it as long as somebody does."""

    def __init__(
        self, events: EventLog, encode: Callable[[Event], Message], *, max_watchers: int, backlog_limit: int
    ) -> None:
        """`encode` is called once for each event, whatever the number of watchers."""
        self._log = events
        self._encode = encode
        self._max_watchers = max_watchers
        self._backlog_limit = backlog_limit
        self._watchers = 0
        self._feeds: dict[str, Feed[Message]] = {}

    async def watch(self, job_id: str, *, after: int) -> AsyncGenerator[Message, None]:
        """A job's messages from after event `after` to the terminal one.

        Raises NotFound, InvalidArgument, Unavailable, and Exhausted where there are too many watchers or this one is
        too slow.
        """
        if self._watchers >= self._max_watchers:
            raise Exhausted("TOO_MANY_WATCHERS", "Too many watchers at the moment. Try again soon.")
        if job_id not in self._feeds:
            self._feeds[job_id] = Feed(job_id, self._log, self._encode)
        feed = self._feeds[job_id]
        self._watchers += 1
        feed.watchers += 1
        WATCHERS.inc()
        try:
            await feed.load()
            async with aclosing(feed.messages(after=after, backlog_limit=self._backlog_limit)) as messages:
                async for message in messages:
                    yield message
        finally:
            WATCHERS.dec()
            self._watchers -= 1
            feed.watchers -= 1
            if not feed.watchers:
                del self._feeds[job_id]

    async def follow(self, on_change: Callable[[bool], Awaitable[None]]) -> NoReturn:
        """Feeds the feeds until it is cancelled; tells `on_change` when events begin and cease to flow."""
        backoff = Backoff()
        while True:
            try:
                async with self._log.announcements() as announced, asyncio.TaskGroup() as group:
                    await self._catch_up()
                    await on_change(True)
                    FLOWING.set(1)
                    backoff.reset()
                    group.create_task(self._probe())
                    async for event in announced:
                        EVENTS.inc()
                        if feed := self._feeds.get(event.job_id):
                            await feed.announce(event)
                            tracing.record(f"announce {event.status}", since=event.timestamp, parent=event.traceparent)
            except* Unavailable as errors:
                problem = f"MODOMO_REDIS_URL: {errors.exceptions[0].__cause__ or errors.exceptions[0]}"
                log.warning(
                    "events do not flow", watchers=self._watchers, problem=problem, **config_hints.chart_value(problem)
                )
            FLOWING.set(0)
            await on_change(False)
            await backoff.wait()

    def stop(self) -> None:
        """Sends every watcher elsewhere."""
        for feed in self._feeds.values():
            feed.fail(Unavailable("NOTIFIER_STOPPING", "This server is stopping. Watch again."))

    async def _catch_up(self) -> None:
        """Reads what each feed missed while there was no subscription."""
        at_once = asyncio.Semaphore(CATCH_UPS_AT_ONCE)

        async def catch_up(feed: Feed[Message]) -> None:
            async with at_once:
                await feed.catch_up()

        async with asyncio.TaskGroup() as group:
            for feed in self._feeds.values():
                group.create_task(catch_up(feed))

    async def _probe(self) -> NoReturn:
        """Raises Unavailable when the store stops answering, which a silent subscription would not show."""
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            await self._log.check()
