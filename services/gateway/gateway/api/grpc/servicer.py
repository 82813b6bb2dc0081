"""The gRPC face of the gateway: convert, delegate, convert."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from typing import Final

import grpc

from gateway.api.event_latency import DeliveryLatency
from gateway.api.grpc import convert
from gateway.api.grpc.admission import CALLER
from gateway.api.limits.streams import StreamLimiter
from gateway.api.links import UrlSigner
from gateway.api.public_address import absolute
from gateway.api.transformations import Transformations
from modomo.transform.v1 import transform_service_pb2 as pb
from modomo.transform.v1.transform_service_pb2_grpc import TransformServiceServicer
from servicekit.errors import InvalidArgument
from servicekit.jobstore import Event
from servicekit.jobstore.fanout import EventFanout
from servicekit.jobstore.sequence import validate_seq
from servicekit.rpc import context

_FIELDS: Final = {"file": "image", "Idempotency-Key": "idempotency_key"}
"""What the use cases call as HTTP does, by its name here."""


class TransformServicer(TransformServiceServicer):
    """Answers TransformService; `AdmissionInterceptor` says who calls."""

    def __init__(
        self,
        transformations: Transformations,
        events: EventFanout[Event],
        streams: StreamLimiter,
        url_signer: UrlSigner,
        *,
        public_url: str,
        max_file_bytes: int,
    ) -> None:
        """Links to pictures that the gateway serves itself are below `public_url`, or relative where it is empty."""
        self._transformations = transformations
        self._events = events
        self._streams = streams
        self._url_signer = url_signer
        self._base = public_url.rstrip("/")
        self._max_file_bytes = max_file_bytes

    async def Submit(  # noqa: N802 - the generated base is the synchronous one; its name
        self, request: pb.SubmitRequest, call: grpc.aio.ServicerContext[pb.SubmitRequest, pb.SubmitResponse]
    ) -> pb.SubmitResponse:
        """Accepts a photo and returns at once."""
        caller = CALLER.get()
        with _fields_named():
            submission = convert.submission(request, max_bytes=self._max_file_bytes)
            accepted = await self._transformations.submit(submission, caller)
        return pb.SubmitResponse(job_id=accepted.job_id, estimated_time=convert.estimate(accepted.estimated_seconds))

    async def Get(  # noqa: N802 - as above
        self, request: pb.GetRequest, call: grpc.aio.ServicerContext[pb.GetRequest, pb.GetResponse]
    ) -> pb.GetResponse:
        """Tells where a job is."""
        caller = CALLER.get()
        view = await self._transformations.get(request.job_id, caller)
        return pb.GetResponse(job=convert.job(view, base=self._base))

    async def Cancel(  # noqa: N802 - as above
        self, request: pb.CancelRequest, call: grpc.aio.ServicerContext[pb.CancelRequest, pb.CancelResponse]
    ) -> pb.CancelResponse:
        """Cancels a job, or deletes it."""
        caller = CALLER.get()
        if request.purge:
            await self._transformations.purge(request.job_id, caller)
        else:
            await self._transformations.cancel(request.job_id, caller)
        return pb.CancelResponse()

    async def Watch(  # noqa: N802 - as above
        self, request: pb.WatchRequest, call: grpc.aio.ServicerContext[pb.WatchRequest, pb.WatchResponse]
    ) -> AsyncIterator[pb.WatchResponse]:
        """Streams a job's events, the terminal one last."""
        caller = CALLER.get()
        job_id = await self._transformations.authorize(request.job_id, caller)
        with context.bound(job=job_id), self._streams.one(caller.client):
            latency = DeliveryLatency("grpc")
            watch = self._events.watch(job_id, after=validate_seq(request.after_seq))
            async with aclosing(watch) as events:
                async for event in events:
                    yield convert.watch_response(event, preview_url=await self._preview_url(event))
                    latency.observe(event)

    async def _preview_url(self, event: Event) -> str:
        return absolute(self._base, await self._url_signer.link(event.preview_key)) if event.preview_key else ""


@contextmanager
def _fields_named() -> Iterator[None]:
    """Names the field of an error as this service's messages do."""
    try:
        yield
    except InvalidArgument as error:
        field = error.metadata["field"]
        raise InvalidArgument(error.reason, error.message, field=_FIELDS.get(field, field)) from error
