"""How much a caller may use: one token bucket each, in Redis, counted by the server's clock for all replicas together.

A request costs units, a submission more than a look at a status. A bucket holds what may be used in a minute and fills
up steadily, so a caller may use it all at once and then as fast as it fills.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from gateway.api.auth import Caller


class Cost(IntEnum):
    """What requests cost, in units."""

    SUBMIT = 20
    ANALYZE = 10
    READ = 1


@dataclass(frozen=True, kw_only=True)
class RateLimitStatus:
    """The state of a caller's bucket after a request."""

    quota: int
    """Units a minute."""

    remaining: int
    """Units that may be used at once."""

    full_seconds: float
    """Until the bucket is full."""

    wait_seconds: float
    """Until this request would be granted; 0 where it was."""


class Limiter(Protocol):
    """Counts what callers use."""

    async def spend(self, caller: Caller, cost: Cost) -> RateLimitStatus | None:
        """Takes units, or tells when there will be enough; None where nothing is counted. Raises Unavailable."""
