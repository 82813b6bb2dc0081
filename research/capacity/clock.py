"""Simulated time."""

import heapq
from collections.abc import Callable
from itertools import count
from typing import TypeAlias

Action: TypeAlias = Callable[[], None]


class Clock:
    """Runs actions in the order of their times; what is due at the same time runs in the order it was asked for."""

    def __init__(self) -> None:
        self.now = 0.0
        """Seconds since the beginning."""
        self._due: list[tuple[float, int, Action]] = []
        self._numbers = count()

    def after(self, seconds: float, action: Action) -> None:
        """Runs an action so many seconds from now; seconds ≥ 0."""
        heapq.heappush(self._due, (self.now + seconds, next(self._numbers), action))

    def run(self, *, until: float) -> None:
        """Lets time pass, up to a time; what is due later is left undone."""
        while self._due and self._due[0][0] <= until:
            self.now, _, action = heapq.heappop(self._due)
            action()
        self.now = until
