"""How long events take to their watchers."""

from datetime import UTC, datetime
from typing import Final

from prometheus_client import Histogram

from servicekit.jobstore import Event
from servicekit.observability import tracing
from servicekit.observability.metrics import SECONDS_BUCKETS

SECONDS: Final = Histogram(
    "modomo_event_delivery_seconds",
    "Time from the writing of an event until it was handed to a watcher's connection",
    ["transport"],
    buckets=SECONDS_BUCKETS,
)


class DeliveryLatency:
    """Of one watcher of a job, by the transport that it came through: `websocket`, `sse` or `grpc`."""

    def __init__(self, transport: str) -> None:
        self._transport = transport
        self._seconds = SECONDS.labels(transport)
        self._since = datetime.now(UTC)

    def observe(self, event: Event) -> None:
        """Counts an event that was handed over, and traces the last one; not one from before the watcher came."""
        if event.timestamp >= self._since:
            self._seconds.observe(max(0.0, (datetime.now(UTC) - event.timestamp).total_seconds()))
            name = f"tell {event.status}"
            tracing.record(name, since=event.timestamp, parent=event.traceparent, transport=self._transport)
