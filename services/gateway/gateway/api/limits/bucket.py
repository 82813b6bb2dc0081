"""Token buckets in Redis."""

import hashlib
from importlib import resources

from gateway.api.auth import Caller
from gateway.api.limits import Cost, RateLimitStatus
from gateway.api.shared_state import SharedState

_SCRIPT = (resources.files(__package__) / "bucket.lua").read_text()


class BucketLimiter:
    """A Limiter for callers that are known by name; ClientAddressLimiter bounds the others, within one process."""

    def __init__(self, state: SharedState, *, units_per_minute: int) -> None:
        """`units_per_minute` is for callers whose key says nothing else."""
        self._spend = state.script(_SCRIPT)
        self._default = units_per_minute

    async def spend(self, caller: Caller, cost: Cost) -> RateLimitStatus:
        """Takes units, or tells when there will be enough; raises Unavailable.

        A quota below the cost of one request would never let it through: such a bucket holds that much.
        """
        quota = caller.units_per_minute or self._default
        capacity = max(quota, int(cost))
        tenant = hashlib.sha256(caller.tenant.encode()).hexdigest()
        granted, remaining, full, wait = await self._spend(f"bucket:{tenant}", capacity, quota / 60, int(cost))
        return RateLimitStatus(
            quota=quota, remaining=remaining, full_seconds=full / 1000, wait_seconds=0.0 if granted else wait / 1000
        )


class NoLimiter:
    """A Limiter that lets everything pass, where nobody has a name that could be counted."""

    async def spend(self, caller: Caller, cost: Cost) -> None:
        """Counts nothing."""
        del caller, cost
