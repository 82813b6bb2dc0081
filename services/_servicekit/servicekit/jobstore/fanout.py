"""A job's events for any number of watchers: read once from a source, kept once, whoever watches.

Events count 1, 2, 3, … without a gap, so an event's place in the list of its job is its number. A watcher is no more
than a position in that list: a slow one costs no memory and holds nobody up.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Final, Generic, Protocol, TypeVar

from servicekit.errors import Exhausted, InvalidArgument
from servicekit.jobstore import Event

Message = TypeVar("Message")

MAX_BATCH: Final = 100
"""Messages that are handed out together at most."""


class EventSource(Protocol):
    """Streams the events of a job."""

    def watch(self, job_id: str) -> AsyncGenerator[Sequence[Event], None]:
        """All events from the first, in batches and without a gap, ending after the terminal one.

        Raises NotFound, Unavailable.
        """


class EventFanout(Generic[Message]):
    """Watches a job at the source once, for as long as anybody watches that job here."""

    def __init__(
        self,
        source: EventSource,
        encode: Callable[[Event], Message],
        *,
        max_watchers: float = math.inf,
        backlog_limit: float = math.inf,
        strict_after: bool = False,
    ) -> None:
        """`encode` is called once for each event, whatever the number of watchers.

        `backlog_limit` is how many events a watcher may be behind, without those that were there when it came.
        `strict_after` refuses an `after` that is still to come; it is for a source whose first batch holds all that
        has happened so far.
        """
        self._source = source
        self._encode = encode
        self._max_watchers = max_watchers
        self._backlog_limit = backlog_limit
        self._strict_after = strict_after
        self._watchers = 0
        self._stopped: Exception | None = None
        self._feeds: dict[str, _Feed[Message]] = {}

    async def watch(self, job_id: str, *, after: int = 0) -> AsyncGenerator[Message, None]:
        """Everything that follows event `after`, ending after the terminal event, which comes also where `after` lies
        beyond it.

        Close it (`contextlib.aclosing`) to leave early. Raises what the source raises, Exhausted where there are too
        many watchers or this one is too slow, and InvalidArgument for an `after` that is still to come.
        """
        async with aclosing(self.batches(job_id, after=after, at_once=1)) as batches:
            async for messages in batches:
                yield messages[0]

    async def batches(
        self, job_id: str, *, after: int = 0, at_once: int = MAX_BATCH
    ) -> AsyncGenerator[Sequence[Message], None]:
        """As `watch`, with up to `at_once` of what is there together."""
        if self._stopped:
            raise self._stopped
        if self._watchers >= self._max_watchers:
            raise Exhausted("TOO_MANY_WATCHERS", "Too many watchers at the moment. Try again soon.")
        feed = self._feed(job_id, after)
        self._watchers += 1
        feed.watchers += 1
        try:
            await feed.begun()
            at_first, sent = len(feed.messages), after
            if self._strict_after and after > at_first and not feed.error:
                raise InvalidArgument("OUT_OF_RANGE", "after_seq lies beyond the job's last event.", field="after_seq")
            while True:
                changed = feed.changed
                while sent < len(feed.messages):
                    if len(feed.messages) - max(sent, at_first) > self._backlog_limit:
                        raise _too_slow(sent)
                    batch = feed.messages[sent : sent + at_once]
                    yield batch
                    sent += len(batch)
                if feed.error:
                    raise feed.error
                if feed.ended:
                    if 0 < len(feed.messages) < sent:  # it never had the last one, whatever it says
                        yield feed.messages[-1:]
                    return
                await changed.wait()
        finally:
            self._watchers -= 1
            feed.watchers -= 1
            if not feed.watchers:
                feed.close()
                if self._feeds.get(job_id) is feed:
                    del self._feeds[job_id]

    def _feed(self, job_id: str, after: int) -> "_Feed[Message]":
        feed = self._feeds.get(job_id)
        # a watcher may come from another process, which heard of more; then the source is asked anew
        behind = feed is not None and self._strict_after and 0 < len(feed.messages) < after
        if feed is None or feed.error or behind:
            feed = self._feeds[job_id] = _Feed(self._source.watch(job_id), self._encode)
        return feed

    def stop(self, error: Exception) -> None:
        """Ends every watch with an error, once its watcher has what is here for it, and refuses new ones with it."""
        self._stopped = error
        for feed in self._feeds.values():
            feed.close(error)


class _Feed(Generic[Message]):
    """The messages of one job so far, and the task that adds to them."""

    def __init__(self, batches: AsyncGenerator[Sequence[Event], None], encode: Callable[[Event], Message]) -> None:
        self.watchers = 0
        self.messages: list[Message] = []
        self.changed = asyncio.Event()
        """Set, and replaced by another, whenever there is more to see."""
        self.ended = False
        self.error: Exception | None = None
        self._task = asyncio.create_task(self._collect(batches, encode))

    async def begun(self) -> None:
        """Returns once the first batch is here, or the feed has ended without."""
        if not (self.messages or self.ended):
            await self.changed.wait()

    def close(self, error: Exception | None = None) -> None:
        """Leaves the source; watchers of a job that goes on get the error."""
        if not self.ended:
            self.error = error
            self._task.cancel()
            self._wake()

    async def _collect(
        self, batches: AsyncGenerator[Sequence[Event], None], encode: Callable[[Event], Message]
    ) -> None:
        try:
            async with aclosing(batches):
                async for events in batches:
                    self.messages += [encode(event) for event in events]
                    self._wake()
        except Exception as error:  # told to every watcher, whatever it is
            self.error = error
        finally:
            self.ended = True
            self._wake()

    def _wake(self) -> None:
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


def _too_slow(last_seq: int) -> Exhausted:
    error = Exhausted("WATCHER_TOO_SLOW", "You read too slowly. Watch again after the last event that you have.")
    error.metadata["last_seq"] = str(last_seq)
    return error
