"""How often one client may send photos."""

import time
from collections import OrderedDict
from typing import Final

from servicekit.errors import Exhausted

_MAX_CLIENTS: Final = 10_000
"""Beyond, whoever has been quiet for longest is forgotten."""


class RateLimiter:
    """Lets each client send a number of photos a minute, all at once or one by one.

    The generic cell rate algorithm (ITU-T I.371, 3.3): one moment a client is all that is kept. It counts within this
    process; with several replicas, a client may send as many times more.
    """

    def __init__(self, *, per_minute: int) -> None:
        """0 sets no limit."""
        self._per_minute = per_minute
        self._used_up_to: OrderedDict[str, float] = OrderedDict()

    def check_quota(self, client: str) -> None:
        """Counts one photo; raises Exhausted (RATE_LIMITED) where that is one too many."""
        if not self._per_minute:
            return
        now, interval = time.monotonic(), 60.0 / self._per_minute
        used_up_to = max(self._used_up_to.get(client, now), now) + interval
        wait = used_up_to - now - 60.0
        if wait > 0:
            raise Exhausted("RATE_LIMITED", "Too many photos from you in a minute.", retry_after_seconds=wait)
        self._used_up_to[client] = used_up_to
        self._used_up_to.move_to_end(client)
        if len(self._used_up_to) > _MAX_CLIENTS:
            self._used_up_to.popitem(last=False)
