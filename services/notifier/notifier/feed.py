"""The events of one job, as far as they are known here: read once, kept once, whoever watches.

Events count 1, 2, 3, … without a gap, so an event's place in the list is its number, and whether something was missed
can be seen from the number of the next one.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Generic, TypeVar

from servicekit.errors import Exhausted, InvalidArgument, ServiceError
from servicekit.jobstore import Event, EventLog

Message = TypeVar("Message")


class Feed(Generic[Message]):
    """One job's events, each turned into a message once."""

    def __init__(self, job_id: str, log: EventLog, encode: Callable[[Event], Message]) -> None:
        self.watchers = 0
        """How many read it; kept by whoever opens it for them."""
        self._job_id = job_id
        self._log = log
        self._encode = encode
        self._messages: list[Message] = []
        self._ended = False
        self._error: ServiceError | None = None
        self._changed = asyncio.Event()
        self._reading = asyncio.Lock()
        self._loaded = False
        self._announced = 0

    async def load(self) -> None:
        """Reads what has happened so far, if nobody has yet; raises NotFound, Unavailable."""
        async with self._reading:
            if not self._loaded:
                await self._read()
                self._loaded = True

    async def catch_up(self) -> None:
        """Reads what was missed; raises Unavailable. A job that is gone ends the feed instead."""
        async with self._reading:
            try:
                await self._read()
            except ServiceError as error:
                if error.retryable:
                    raise
                self.fail(error)

    async def announce(self, event: Event) -> None:
        """Takes a live event in, and what was missed before it; raises Unavailable."""
        self._announced = max(self._announced, event.seq)
        if self._reading.locked():
            return  # whoever reads sees that there is more, and need not be waited for
        if event.seq == len(self._messages) + 1:
            self._add([event])
        elif event.seq > len(self._messages):
            await self.catch_up()

    def fail(self, error: ServiceError) -> None:
        """Ends the feed for everybody who reads it."""
        self._error = error
        self._wake()

    async def messages(self, *, after: int, backlog_limit: int) -> AsyncGenerator[Message, None]:
        """Everything that follows event `after`, ending after the terminal event.

        Raises InvalidArgument for an `after` that is still to come, Exhausted where the reader falls behind by more
        than `backlog_limit` events that came after it did, and what the feed was failed with.
        """
        if after > len(self._messages):
            raise InvalidArgument("OUT_OF_RANGE", "after_seq lies beyond the job's last event.", field="after_seq")
        at_first, sent = len(self._messages), after
        while True:
            changed = self._changed
            while sent < len(self._messages):
                if len(self._messages) - max(sent, at_first) > backlog_limit:
                    raise _too_slow(sent)
                yield self._messages[sent]
                sent += 1
            if self._error:
                raise self._error
            if self._ended:
                return
            await changed.wait()

    async def _read(self) -> None:
        """Until everything is here that was announced; an event is in the log before it is announced."""
        while True:
            self._add(await self._log.read(self._job_id, after=len(self._messages)))
            if len(self._messages) >= self._announced:
                return

    def _add(self, events: Sequence[Event]) -> None:
        if events:
            self._messages += [self._encode(event) for event in events]
            self._ended = events[-1].terminal
            self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _too_slow(last_seq: int) -> Exhausted:
    error = Exhausted("WATCHER_TOO_SLOW", "You read too slowly. Watch again after the last event that you have.")
    error.metadata["last_seq"] = str(last_seq)
    return error
