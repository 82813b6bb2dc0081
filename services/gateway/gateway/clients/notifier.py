"""Watching jobs through the notifier, across its restarts."""

import time
from collections.abc import AsyncGenerator, Sequence
from typing import Final

import grpc

from modomo.notifier.v1 import notifier_service_pb2 as pb
from modomo.notifier.v1.notifier_service_pb2_grpc import NotifierServiceStub
from servicekit.backoff import Backoff
from servicekit.errors import Unavailable
from servicekit.jobstore import Event
from servicekit.jobstore.event_proto import event_from_proto
from servicekit.observability import logs
from servicekit.rpc.status import from_call

log = logs.get(__name__)

_LONGEST_PAUSE_SECONDS: Final = 1.0
_PASSING: Final = frozenset({grpc.StatusCode.CANCELLED, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN})
"""Codes of a connection that broke, or of a server that stops, beside those that say themselves to try again."""


class NotifierClient:
    """An EventSource that takes up where it was when the connection breaks."""

    def __init__(self, channel: grpc.aio.Channel, *, outage_seconds: float = 30.0) -> None:
        """A notifier that fails for longer than `outage_seconds` is given up."""
        self._stub = NotifierServiceStub(channel)
        self._outage_seconds = outage_seconds

    async def watch(self, job_id: str) -> AsyncGenerator[Sequence[Event], None]:
        """All events of a job, each once, ending after the terminal one; raises NotFound, Unavailable."""
        backoff, failing_since, after = Backoff(longest=_LONGEST_PAUSE_SECONDS), 0.0, 0
        while True:
            started = time.monotonic()
            call = self._stub.Watch(pb.WatchRequest(job_id=job_id, after_seq=after, several=True))
            try:
                async for response in call:
                    failing_since = 0.0
                    backoff.reset()
                    events = [event_from_proto(one) for one in (response.event, *response.following)]
                    new = [event for event in events if event.seq > after]
                    if new:
                        after = new[-1].seq
                        yield new
                    if events[-1].terminal:
                        return
                problem = "the stream ended early"
            except grpc.aio.AioRpcError as error:
                known = from_call(error)
                if not (known.retryable or error.code() in _PASSING):
                    raise known from error
                problem = known.reason
            finally:
                call.cancel()
            now = time.monotonic()
            if not failing_since or now - started > self._outage_seconds:  # it may have worked in silence
                failing_since = now
            if now - failing_since > self._outage_seconds:
                raise Unavailable(
                    "EVENTS_UNAVAILABLE", "Progress cannot be shown at the moment.", retry_after_seconds=2
                )
            log.info("watching again", problem=problem, after=after)
            await backoff.wait()
