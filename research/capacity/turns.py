"""Whose turn it is: the rules by which workers claim jobs, as `submit.lua` and `claim.lua` have them.

A test runs the scripts themselves on a real Valkey, and wants the same order of them.
"""

import heapq
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Final, Generic, TypeVar

TICKS: Final = 2**20

Job = TypeVar("Job")


@dataclass(order=True)
class _Waiting(Generic[Job]):
    turn: int
    number: int
    job: Job = field(compare=False)
    flow: str = field(compare=False)
    start: int = field(compare=False)
    cost: int = field(compare=False)


class Turns(Generic[Job]):
    """Jobs that wait, by their turns: tenants take turns by what their jobs cost."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting[Job]] = []
        self._backlog: Counter[str] = Counter()
        self._starts: dict[str, int] = {}
        self._clock = 0
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._waiting)

    def submit(self, job: Job, *, flow: str, cost: int, handicap: int = 0) -> None:
        """A flow's jobs start one after the other, each its predecessor's cost later."""
        self._clock += 1
        start = max(self._clock, self._starts.get(flow, 0))
        self._starts[flow] = start + cost * TICKS
        self._backlog[flow] += 1
        turn = start + handicap * TICKS
        heapq.heappush(self._waiting, _Waiting(turn, next(self._numbers), job, flow, start, cost))

    def claim(self) -> Job:
        """The next job; the clock moves to its start, and on by one turn shared among all flows that wait."""
        first = heapq.heappop(self._waiting)
        shared = first.cost * TICKS // max(1, len(self._backlog))
        self._clock = max(first.start, self._clock + shared)
        self._backlog[first.flow] -= 1
        if not self._backlog[first.flow]:
            del self._backlog[first.flow]
        for flow in [flow for flow, start in self._starts.items() if start <= self._clock]:
            del self._starts[flow]
        return first.job
