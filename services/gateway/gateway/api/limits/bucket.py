"""Token buckets in Redis: the one way in which anything is counted by the minute, for all replicas together."""

import hashlib
from importlib import resources

from gateway.api.auth import Caller
from gateway.api.limits import Cost, RateLimitStatus
from gateway.api.shared_state import SharedState
from servicekit.addresses import one_client
from servicekit.errors import Exhausted, Unavailable
from servicekit.observability import logs

log = logs.get(__name__)

_SCRIPT = (resources.files(__package__) / "bucket.lua").read_text()


class TokenBuckets:
    """Buckets by kind and name; only a digest of the name is stored."""

    def __init__(self, state: SharedState) -> None:
        self._spend = state.script(_SCRIPT)

    async def spend(self, kind: str, name: str, *, quota: int, cost: int) -> RateLimitStatus:
        """Takes units from a bucket of `quota` units a minute, or tells when there will be enough; raises Unavailable.

        A quota below the cost of one request would never let it through: such a bucket holds that much.
        """
        digest = hashlib.sha256(name.encode()).hexdigest()
        granted, remaining, full, wait = await self._spend(f"{kind}:{digest}", max(quota, cost), quota / 60, cost)
        return RateLimitStatus(
            quota=quota, remaining=remaining, full_seconds=full / 1000, wait_seconds=0.0 if granted else wait / 1000
        )


class BucketLimiter:
    """A Limiter for callers that are known by name."""

    def __init__(self, buckets: TokenBuckets, *, units_per_minute: int) -> None:
        """`units_per_minute` is for callers whose key says nothing else."""
        self._buckets = buckets
        self._default = units_per_minute

    async def spend(self, caller: Caller, cost: Cost) -> RateLimitStatus:
        """Takes units, or tells when there will be enough; raises Unavailable."""
        quota = caller.units_per_minute or self._default
        return await self._buckets.spend("bucket", caller.tenant, quota=quota, cost=int(cost))


class NoLimiter:
    """A Limiter that lets everything pass, where nobody has a name that could be counted."""

    async def spend(self, caller: Caller, cost: Cost) -> None:
        """Counts nothing."""
        del caller, cost


class PhotoQuota:
    """Lets each client address send a number of photos a minute, with a key or without, over every transport."""

    def __init__(self, buckets: TokenBuckets, *, per_minute: int) -> None:
        """0 sets no limit."""
        self._buckets = buckets
        self._per_minute = per_minute

    async def check(self, address: str) -> None:
        """Counts one photo, if Redis is there; raises Exhausted (RATE_LIMITED) where that is one too many.

        All IPv6 addresses that one client may choose from count as one.
        """
        if not self._per_minute:
            return
        try:
            status = await self._buckets.spend("photos", one_client(address), quota=self._per_minute, cost=1)
        except Unavailable as error:  # photos that are only analysed need no Redis
            log.warning("photos are not counted", problem=str(error))
            return
        if status.wait_seconds > 0:
            message = "Too many photos from you in a minute."
            raise Exhausted("RATE_LIMITED", message, retry_after_seconds=status.wait_seconds)
