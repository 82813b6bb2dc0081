"""Exponential backoff with jitter, so that many clients do not come back all at once."""

import asyncio
import random


class Backoff:
    """Seconds between `first` and `longest`: the ceiling doubles with each failure, half of it is random."""

    def __init__(self, *, first: float = 0.05, longest: float = 2.0) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    async def wait(self) -> None:
        """Waits after a failure."""
        await asyncio.sleep(self.next_pause())

    def next_pause(self) -> float:
        """Seconds to wait after a failure, for whoever does the waiting."""
        ceiling = min(self._longest, self._first * 2**self._failures)
        self._failures = min(self._failures + 1, 32)
        return random.uniform(ceiling / 2, ceiling)  # noqa: S311 - nothing secret about it

    def reset(self) -> None:
        """Begins again with `first`, after a success."""
        self._failures = 0
