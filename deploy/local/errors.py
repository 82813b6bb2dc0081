"""Why the local stack cannot run, in words for the person who started it."""

from collections.abc import Sequence
from dataclasses import dataclass


class StackError(Exception):
    """The stack cannot run; the message is for the person who started it."""


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """One thing that keeps the stack from starting."""

    what: str

    remedy: str
    """A command, or what else to do about it."""


class ObstacleError(StackError):
    """The stack cannot start; the message lists everything that is in the way."""

    def __init__(self, obstacles: Sequence[Obstacle]) -> None:
        super().__init__("\n".join(f"  - {one.what}\n      {one.remedy}" for one in obstacles))
