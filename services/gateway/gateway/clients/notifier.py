"""Watching jobs through the notifier, across its restarts."""

import time
from collections.abc import AsyncGenerator
from datetime import UTC
from typing import Final

import grpc

from modomo.notifier.v1 import notifier_service_pb2 as pb
from modomo.notifier.v1.notifier_service_pb2_grpc import NotifierServiceStub
from modomo.type.v1 import job_pb2
from servicekit.backoff import Backoff
from servicekit.errors import ServiceError, Unavailable
from servicekit.jobstore import Event, JobStatus
from servicekit.observability import logs
from servicekit.rpc.status import from_call

log = logs.get(__name__)

_LONGEST_PAUSE_SECONDS: Final = 1.0
_PASSING: Final = frozenset({grpc.StatusCode.CANCELLED, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN})
"""Codes of a connection that broke, or of a server that stops, beside those that say themselves to try again."""


class NotifierClient:
    """A Watcher that takes up where it was when the connection breaks."""

    def __init__(self, channel: grpc.aio.Channel, *, patience_seconds: float = 30.0) -> None:
        """A notifier that fails for longer than `patience_seconds` is given up."""
        self._stub = NotifierServiceStub(channel)
        self._patience = patience_seconds

    async def watch(self, job_id: str, *, after: int = 0) -> AsyncGenerator[Event, None]:
        """All events that follow `after`, each once, ending after the terminal one; raises NotFound, Unavailable."""
        backoff, failing_since = Backoff(longest=_LONGEST_PAUSE_SECONDS), 0.0
        while True:
            started = time.monotonic()
            call = self._stub.Watch(pb.WatchRequest(job_id=job_id, after_seq=after))
            try:
                async for response in call:
                    failing_since = 0.0
                    backoff.reset()
                    event = event_from_proto(response.event)
                    if event.seq > after:
                        after = event.seq
                        yield event
                    if event.terminal:
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
            if not failing_since or now - started > self._patience:  # it may have worked in silence
                failing_since = now
            if now - failing_since > self._patience:
                raise _no_events()
            log.info("watching again", problem=problem, after=after)
            await backoff.wait()


def event_from_proto(message: job_pb2.JobEvent) -> Event:
    """Back from the wire; raises ValueError for a status that this version lacks."""
    return Event(
        job_id=message.job_id,
        seq=message.seq,
        status=JobStatus(job_pb2.JobStatus.Name(message.status).removeprefix("JOB_STATUS_").lower()),
        progress=message.progress,
        message=message.message,
        timestamp=message.timestamp.ToDatetime(tzinfo=UTC),
        step=message.step,
        total_steps=message.total_steps,
        preview_key=message.preview_key,
        traceparent=message.traceparent,
    )


def _no_events() -> ServiceError:
    return Unavailable("EVENTS_UNAVAILABLE", "Progress cannot be shown at the moment.", retry_after_seconds=2)
