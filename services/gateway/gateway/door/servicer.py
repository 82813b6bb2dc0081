"""The gRPC face of the gateway: convert, delegate, convert."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from typing import Final

import grpc

from gateway.door import convert
from gateway.jobs import ids
from gateway.jobs.broadcast import Broadcasts
from gateway.jobs.transformations import Transformations
from modomo.transform.v1 import transform_service_pb2 as pb
from modomo.transform.v1.transform_service_pb2_grpc import TransformServiceServicer
from servicekit import context
from servicekit.errors import InvalidArgument

SERVICE_NAME: Final = pb.DESCRIPTOR.services_by_name["TransformService"].full_name

_FIELDS: Final = {"file": "image", "Idempotency-Key": "idempotency_key"}
"""What the use cases call as HTTP does, by its name here."""


class TransformServicer(TransformServiceServicer):
    """Answers TransformService."""

    def __init__(
        self, transformations: Transformations, broadcasts: Broadcasts, *, public_url: str, max_file_bytes: int
    ) -> None:
        """Links to pictures that the gateway serves itself are below `public_url`, or relative where it is empty."""
        self._transformations = transformations
        self._broadcasts = broadcasts
        self._base = public_url.rstrip("/")
        self._max_file_bytes = max_file_bytes

    async def Submit(  # noqa: N802 - the generated base is the synchronous one; its name
        self, request: pb.SubmitRequest, call: grpc.aio.ServicerContext[pb.SubmitRequest, pb.SubmitResponse]
    ) -> pb.SubmitResponse:
        """Accepts a photo and returns at once."""
        with _fields_named():
            accepted = await self._transformations.submit(convert.submission(request, max_bytes=self._max_file_bytes))
        return pb.SubmitResponse(job_id=accepted.job_id, estimated_time=convert.estimate(accepted.estimated_seconds))

    async def Get(  # noqa: N802 - as above
        self, request: pb.GetRequest, call: grpc.aio.ServicerContext[pb.GetRequest, pb.GetResponse]
    ) -> pb.GetResponse:
        """Tells where a job is."""
        return pb.GetResponse(job=convert.job(await self._transformations.get(request.job_id), base=self._base))

    async def Cancel(  # noqa: N802 - as above
        self, request: pb.CancelRequest, call: grpc.aio.ServicerContext[pb.CancelRequest, pb.CancelResponse]
    ) -> pb.CancelResponse:
        """Cancels a job."""
        await self._transformations.cancel(request.job_id)
        return pb.CancelResponse()

    async def Watch(  # noqa: N802 - as above
        self, request: pb.WatchRequest, call: grpc.aio.ServicerContext[pb.WatchRequest, pb.WatchResponse]
    ) -> AsyncIterator[pb.WatchResponse]:
        """Streams a job's events, the terminal one last."""
        job_id = ids.require(request.job_id)
        with context.bound(job=job_id):
            following = self._broadcasts.follow(job_id, after=convert.after_seq(request))
            async with aclosing(following) as events:
                async for event in events:
                    yield pb.WatchResponse(event=convert.event(event))


@contextmanager
def _fields_named() -> Iterator[None]:
    """Names the field of an error as this service's messages do."""
    try:
        yield
    except InvalidArgument as error:
        field = error.metadata["field"]
        raise InvalidArgument(error.reason, error.message, field=_FIELDS.get(field, field)) from error
