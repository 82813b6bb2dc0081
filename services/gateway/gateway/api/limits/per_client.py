"""How many photos may come from one address."""

import time
from collections import OrderedDict
from typing import Final

from servicekit.errors import Exhausted

_MAX_ADDRESSES: Final = 10_000
"""Beyond, the count of the address that has been quiet for longest is dropped."""


class ClientAddressLimiter:
    """Lets each address send a number of photos a minute, all at once or one by one.

    The generic cell rate algorithm (ITU-T I.371, 3.3): all that is kept of an address is one moment. It counts within
    this process, so with several replicas an address may send as many times more. BucketLimiter counts for all replicas
    together, but needs Redis and a tenant; this one also works for `/analyze` while Redis is away, without any keys.
    """

    def __init__(self, *, per_minute: int) -> None:
        """0 sets no limit."""
        self._per_minute = per_minute
        self._used_up_to: OrderedDict[str, float] = OrderedDict()

    def check_quota(self, address: str) -> None:
        """Counts one photo; raises Exhausted (RATE_LIMITED) where that is one too many."""
        if not self._per_minute:
            return
        now, interval = time.monotonic(), 60.0 / self._per_minute
        used_up_to = max(self._used_up_to.get(address, now), now) + interval
        wait = used_up_to - now - 60.0
        if wait > 0:
            raise Exhausted("RATE_LIMITED", "Too many photos from you in a minute.", retry_after_seconds=wait)
        self._used_up_to[address] = used_up_to
        self._used_up_to.move_to_end(address)
        if len(self._used_up_to) > _MAX_ADDRESSES:
            self._used_up_to.popitem(last=False)
