"""The gRPC face of the notifier: convert, delegate, convert."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import grpc
from prometheus_client import Gauge

from modomo.notifier.v1 import notifier_service_pb2 as pb
from modomo.notifier.v1.notifier_service_pb2_grpc import NotifierServiceServicer
from modomo.type.v1 import job_pb2
from notifier import convert
from servicekit.jobstore.fanout import EventFanout
from servicekit.jobstore.sequence import validate_seq

WATCHERS: Final = Gauge("modomo_watchers_open", "Watches that are open")


class NotifierServicer(NotifierServiceServicer):
    """Answers NotifierService."""

    def __init__(self, events: EventFanout[job_pb2.JobEvent]) -> None:
        self._events = events

    async def Watch(  # noqa: N802 - the generated base is the synchronous one; its name
        self, request: pb.WatchRequest, context: grpc.aio.ServicerContext[pb.WatchRequest, pb.WatchResponse]
    ) -> AsyncGenerator[pb.WatchResponse, None]:
        """Streams a job's events."""
        batches = self._events.batches(convert.job_id(request), after=validate_seq(request.after_seq))
        with WATCHERS.track_inprogress():
            async with aclosing(batches):
                async for events in batches:
                    for response in convert.responses(events, several=request.several):
                        yield response
