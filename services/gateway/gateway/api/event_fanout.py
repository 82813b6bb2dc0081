"""One watch a job, however many clients follow it.

The first follower opens the watch from the job's first event; every follower reads the shared list of events at its
own pace and keeps nothing but its position. So a slow client costs no memory and holds nobody up.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Protocol

from servicekit.jobstore import Event


class Watcher(Protocol):
    """Streams the events of a job."""

    def watch(self, job_id: str, *, after: int = 0) -> AsyncGenerator[Event, None]:
        """All events that follow `after`, ending after the terminal one; raises NotFound, Unavailable."""


class Broadcasts:
    """The watches that are open now."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._open: dict[str, _Broadcast] = {}

    async def follow(self, job_id: str, *, after: int = 0) -> AsyncGenerator[Event, None]:
        """As Watcher.watch. Close it (`contextlib.aclosing`) to leave early."""
        broadcast = self._open.get(job_id)
        if broadcast is None or broadcast.failed:
            broadcast = self._open[job_id] = _Broadcast(self._watcher, job_id)
        broadcast.followers += 1
        try:
            async for event in broadcast.events():
                if event.seq > after:
                    yield event
        finally:
            broadcast.followers -= 1
            if not broadcast.followers:
                broadcast.stop()
                if self._open.get(job_id) is broadcast:
                    del self._open[job_id]


class _Broadcast:
    """The events of one job so far, and the task that adds to them."""

    def __init__(self, watcher: Watcher, job_id: str) -> None:
        self.followers = 0
        self._events: list[Event] = []
        self._changed = asyncio.Event()
        self._error: Exception | None = None
        self._ended = False
        self._task = asyncio.create_task(self._collect(watcher, job_id))

    @property
    def failed(self) -> bool:
        """Whether the watch broke, so that a newcomer needs another one."""
        return self._error is not None

    async def events(self) -> AsyncIterator[Event]:
        """Every event from the first, as it comes; raises what the watch raised."""
        position = 0
        while True:
            changed = self._changed
            while position < len(self._events):
                yield self._events[position]
                position += 1
            if self._ended:
                break
            await changed.wait()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Ends the watch."""
        self._task.cancel()

    async def _collect(self, watcher: Watcher, job_id: str) -> None:
        try:
            async with aclosing(watcher.watch(job_id)) as events:
                async for event in events:
                    self._events.append(event)
                    self._wake()
        except Exception as error:  # told to every follower, whatever it is
            self._error = error
        finally:
            self._ended = True
            self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
