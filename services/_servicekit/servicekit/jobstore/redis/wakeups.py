"""Hears that a job waits, or that something has happened to one; without it, both would be noticed a little later."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from servicekit.backoff import Backoff
from servicekit.errors import Unavailable
from servicekit.jobstore.redis.connection import RedisConnection


class Wakeups:
    """One subscription to the channel of wake-ups."""

    def __init__(
        self,
        redis: RedisConnection,
        *,
        poll_seconds: float,
        subscribed: Callable[[], None] = lambda: None,
        happened: Callable[[str], None] = lambda job_id: None,
    ) -> None:
        """`poll_seconds` is how long `wait` waits at most.

        `subscribed` is called where something may have been missed, `happened` with the id of a job that its lease
        holder should look at.
        """
        self._redis = redis
        self._poll_seconds = poll_seconds
        self._subscribed = subscribed
        self._happened = happened
        self._job_waits = asyncio.Event()

    def expect(self) -> None:
        """What is heard from here on ends the next `wait`."""
        self._job_waits.clear()

    async def wait(self) -> None:
        """Until a job waits, or for a while: leases expire without a wake-up, and wake-ups may be lost."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._poll_seconds):
                await self._job_waits.wait()

    async def listen(self) -> NoReturn:
        """Until it is cancelled."""
        backoff = Backoff()
        while True:
            try:
                async with self._redis.subscribed(self._redis.keys.wakeup_channel) as job_ids:
                    backoff.reset()
                    self._job_waits.set()
                    self._subscribed()
                    async for job_id in job_ids:
                        if job_id:
                            self._happened(job_id)
                        else:
                            self._job_waits.set()
            except Unavailable:
                await backoff.wait()
