"""How many event streams clients may hold: WebSocket, Server-Sent Events and gRPC together."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import Gauge

from servicekit.errors import Exhausted
from servicekit.fair_shares import FairShares

STREAMS: Final = Gauge("modomo_event_streams_open", "Event streams that are open, over every transport")


class StreamLimiter:
    """Counts within this process; with several replicas, a client may hold as many times more."""

    def __init__(self, limit: int) -> None:
        """`limit` is for all together: no client may hold more than are still free."""
        self._shares = FairShares(limit)

    @contextmanager
    def one(self, client: str) -> Iterator[None]:
        """Counts a stream of a client's (`Caller.client`) while the block runs; raises Exhausted."""
        message = "Too many event streams at once; close some first."
        refusal = Exhausted("TOO_MANY_STREAMS", message, retry_after_seconds=5)
        with self._shares.one(client, refusal=refusal), STREAMS.track_inprogress():
            yield
