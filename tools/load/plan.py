"""What comes: how many people, how often, and what each of them does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from types import MappingProxyType
from typing import Final

STYLES: Final = ("modern", "scandinavian", "boho", "industrial", "minimalist")

MOST_JOBS: Final = 5_000
MOST_SECONDS: Final = 3_600.0


class Follow(StrEnum):
    """How a person waits for a result."""

    SOCKET = "socket"
    POLL = "poll"
    EVENTS = "events"
    LEAVE = "leave"
    """Not at all: closes the app and looks once, later."""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One person with one photo."""

    at: float
    """Seconds after the beginning at which the upload starts."""
    photo: int
    """Number of the photo; the same number is the same photo, in another style."""
    large: bool
    """Whether it comes from the camera (12 megapixels) or was made small before."""
    style: str
    follow: Follow
    cancel_after: float | None
    """Seconds after the answer at which the job is cancelled; None where it is not."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A mix; the same seed gives the same visits."""

    seconds: float = 120.0
    """For which people come; what they began is waited for."""
    rate: float = 0.25
    """Photos a second on average; they come at random."""
    lookers: float = 20.0
    """Looks at the status of a job a second, by people whose jobs are done."""
    follows: Mapping[Follow, float] = field(
        default_factory=lambda: MappingProxyType(
            {Follow.SOCKET: 0.55, Follow.POLL: 0.25, Follow.EVENTS: 0.1, Follow.LEAVE: 0.1}
        )
    )
    """Share of people who wait in each way."""
    cancelled: float = 0.08
    """Share of jobs that are cancelled."""
    large: float = 0.4
    """Share of photos that come from the camera as they are."""
    again: float = 0.25
    """Share of photos that were sent before, in another style."""
    seed: int = 1

    def __post_init__(self) -> None:
        """Raises ValueError naming what is out of range: a load test is bounded in count and time."""
        if not 1.0 <= self.seconds <= MOST_SECONDS:
            raise ValueError(f"seconds must lie in 1–{MOST_SECONDS:.0f}, not {self.seconds:g}")
        if not 0.0 < self.rate * self.seconds <= MOST_JOBS:
            raise ValueError(f"rate × seconds must lie in 0–{MOST_JOBS} jobs, not {self.rate * self.seconds:g}")
        if not 0.0 <= self.lookers <= 1_000.0:
            raise ValueError(f"lookers must lie in 0–1000, not {self.lookers:g}")

    def visits(self) -> list[Visit]:
        """Everybody who comes, in order."""
        return list(self._visits(Random(self.seed)))

    def _visits(self, random: Random) -> Iterator[Visit]:
        ways, shares = list(self.follows), list(self.follows.values())
        at, photos = 0.0, 0
        while (at := at + random.expovariate(self.rate)) < self.seconds:
            known = photos > 0 and random.random() < self.again
            photo = random.randrange(photos) if known else photos
            photos += not known
            yield Visit(
                at=at,
                photo=photo,
                large=photo * 37 % 100 < self.large * 100,
                style=random.choice(STYLES),
                follow=random.choices(ways, shares)[0],
                cancel_after=random.uniform(0.1, 4.0) if random.random() < self.cancelled else None,
            )
