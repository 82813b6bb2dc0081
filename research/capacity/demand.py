"""When photos arrive: a Poisson process whose rate follows the hours of a day."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Final

DAY: Final = 86_400.0
DAYS_PER_MONTH: Final = 30.0

HOURS: Final = (
    *(0.50, 0.30, 0.20, 0.15, 0.15, 0.20, 0.35, 0.55, 0.75, 0.90, 1.00, 1.10),
    *(1.20, 1.15, 1.10, 1.10, 1.15, 1.30, 1.55, 1.85, 2.05, 2.00, 1.55, 0.95),
)
"""Weight of each hour of a day: people look at their rooms in the evening. An assumption; the busiest hour has about
twice the average."""

VARIANTS: Final = ((1, 0.90), (2, 0.08), (4, 0.02))
"""Pictures that a job asks for, and the share of the jobs that do. An assumption."""

TENANTS: Final = 50
"""Who send photos: the largest twice as many as the second, thrice as many as the third, and so on. An assumption."""

_TOTAL: Final = sum(HOURS)


def rate(at: float, *, per_month: float) -> float:
    """Photos a second at a time of day; between the middles of two hours it changes evenly."""
    hours = at / 3600.0 - 0.5
    left, part = int(hours // 1), hours % 1
    weight = HOURS[left % 24] * (1 - part) + HOURS[(left + 1) % 24] * part
    return per_month / DAYS_PER_MONTH / DAY * 24 * weight / _TOTAL


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a job asks for."""

    tenant: str
    variants: int


def asked(random: Random) -> Asked:
    """Of one job, drawn at random."""
    (tenant,) = random.choices(range(TENANTS), cum_weights=_BY_TENANT)
    (variants,) = random.choices([number for number, _ in VARIANTS], [share for _, share in VARIANTS])
    return Asked(tenant=f"tenant-{tenant}", variants=variants)


_BY_TENANT: Final = tuple(accumulate(1 / rank for rank in range(1, TENANTS + 1)))
PICTURES_A_JOB: Final = sum(number * share for number, share in VARIANTS)


def arrivals(*, per_month: float, days: float, random: Random) -> Iterator[float]:
    """Times in seconds, ascending; by thinning (Lewis and Shedler, 1979)."""
    most = per_month / DAYS_PER_MONTH / DAY * 24 * max(HOURS) / _TOTAL
    at = 0.0
    while (at := at + random.expovariate(most)) < days * DAY:
        if random.random() * most < rate(at, per_month=per_month):
            yield at
