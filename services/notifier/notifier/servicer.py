"""The gRPC face of the notifier: convert, delegate, convert."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import grpc

from modomo.notifier.v1 import notifier_service_pb2 as pb
from modomo.notifier.v1.notifier_service_pb2_grpc import NotifierServiceServicer
from notifier import convert
from notifier.watch import Watches


class NotifierServicer(NotifierServiceServicer):
    """Answers NotifierService."""

    def __init__(self, watches: Watches[pb.WatchResponse]) -> None:
        self._watches = watches

    async def Watch(  # noqa: N802 - the generated base is the synchronous one; its name
        self, request: pb.WatchRequest, context: grpc.aio.ServicerContext[pb.WatchRequest, pb.WatchResponse]
    ) -> AsyncGenerator[pb.WatchResponse, None]:
        """Streams a job's events."""
        watch = self._watches.watch(convert.job_id(request), after=convert.after_seq(request))
        async with aclosing(watch) as responses:
            async for response in responses:
                yield response
