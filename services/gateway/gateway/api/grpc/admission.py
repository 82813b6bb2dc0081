"""Callers are admitted by their metadata, before anything of their message is read.

gRPC reads the message of a unary call before it asks the handler. A handler of a stream of requests reads by itself,
and on the wire a call with one message is the same. So each method is served as a stream: the key is checked, memory
is reserved, and only then is the one message read.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeAlias

import grpc

from gateway.api.auth import Caller, Scope
from gateway.api.auth.admission import Admission, check_quota
from gateway.api.limits import Cost
from gateway.api.limits.bucket import PhotoQuota
from gateway.api.trusted_proxies import TrustedProxies
from gateway.api.uploads.budget import UploadBudget
from modomo.transform.v1 import transform_service_pb2 as pb
from servicekit.errors import Exhausted, InvalidArgument, ServiceError
from servicekit.fair_shares import FairShares
from servicekit.rpc.context import peer_host

SERVICE_NAME: Final = pb.DESCRIPTOR.services_by_name["TransformService"].full_name
CALLER: Final[ContextVar[Caller]] = ContextVar("caller")
"""Who has been admitted to the running call."""

_ASKED: Final = {
    f"/{SERVICE_NAME}/Submit": (Scope.SUBMIT, Cost.SUBMIT),
    f"/{SERVICE_NAME}/Get": (Scope.READ, Cost.READ),
    f"/{SERVICE_NAME}/Cancel": (Scope.SUBMIT, Cost.READ),
    f"/{SERVICE_NAME}/Watch": (Scope.READ, Cost.READ),
}
_SMALL_SECONDS: Final = 5.0
"""How long a message without a photo may take to arrive."""
_SMALL_AT_ONCE: Final = 4
"""Such messages that are read at a time, by two callers at least: nearly all of them are there before they are."""
_Call: TypeAlias = grpc.aio.ServicerContext[Any, Any]


class AdmissionInterceptor(grpc.aio.ServerInterceptor):
    """Admits callers to TransformService, and reads their messages within the uploads' limits."""

    def __init__(
        self,
        admission: Admission,
        uploads: UploadBudget,
        quota: PhotoQuota,
        proxies: TrustedProxies,
        *,
        max_calls: int,
        max_message_bytes: int,
        seconds: float,
    ) -> None:
        """`max_calls` is shared by all callers; `seconds` is how long a message with a photo may take to arrive."""
        self._admission = admission
        self._uploads = uploads
        self._quota = quota
        self._proxies = proxies
        self._small = UploadBudget(_SMALL_AT_ONCE * max_message_bytes, gauge=None)
        self._calls = FairShares(max_calls)
        self._max_message_bytes = max_message_bytes
        self._seconds = seconds

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:  # noqa: ANN401 - a handler of whatever messages
        """Puts admission before the methods of TransformService; health and reflection are for everybody."""
        handler, asked = await continuation(handler_call_details), _ASKED.get(handler_call_details.method)
        if handler is None or asked is None:
            return handler
        if handler.unary_unary is not None:
            return grpc.stream_unary_rpc_method_handler(
                self._unary(handler.unary_unary, *asked),
                request_deserializer=handler.request_deserializer,
                response_serializer=handler.response_serializer,
            )
        return grpc.stream_stream_rpc_method_handler(
            self._streaming(handler.unary_stream, *asked),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _unary(
        self, answer: Callable[[Any, _Call], Awaitable[Any]], scope: Scope, cost: Cost
    ) -> Callable[[AsyncIterator[Any], _Call], Awaitable[Any]]:
        async def handle(requests: AsyncIterator[Any], call: _Call) -> Any:  # noqa: ANN401 - any message
            async with self._admitted(call, scope, cost) as caller, self._message(requests, caller, cost) as request:
                return await answer(request, call)

        return handle

    def _streaming(
        self, answer: Callable[[Any, _Call], AsyncGenerator[Any]], scope: Scope, cost: Cost
    ) -> Callable[[AsyncIterator[Any], _Call], AsyncGenerator[Any]]:
        async def handle(requests: AsyncIterator[Any], call: _Call) -> AsyncGenerator[Any]:
            async with (
                self._admitted(call, scope, cost) as caller,
                self._message(requests, caller, cost) as request,
                aclosing(answer(request, call)) as responses,
            ):
                async for response in responses:
                    yield response

        return handle

    @asynccontextmanager
    async def _admitted(self, call: _Call, scope: Scope, cost: Cost) -> AsyncGenerator[Caller]:
        """Who calls, by the metadata `authorization` or `x-api-key`, as over HTTP; raises as `Admission` does."""
        pairs = [(key, value) for key, value in call.invocation_metadata() or () if isinstance(value, str)]
        forwarded_for = [value for key, value in pairs if key == "x-forwarded-for"]
        address = self._proxies.client(peer_host(call.peer()), forwarded_for)
        caller = await self._admission.caller(dict(pairs), scope, address=address)
        check_quota(await self._admission.spend(caller, cost))
        if cost is Cost.SUBMIT:
            await self._quota.check(address)
        busy = Exhausted("TOO_MANY_CALLS", "Too many calls at once; end some first.", retry_after_seconds=2)
        with self._calls.one(caller.client, refusal=busy):
            CALLER.set(caller)
            yield caller

    @asynccontextmanager
    async def _message(
        self, requests: AsyncIterator[Any], caller: Caller, cost: Cost
    ) -> AsyncGenerator[Any]:  # any message
        """The one message of a call. Its size shows only when it has arrived: until then the largest is reserved."""
        photo = cost is Cost.SUBMIT
        seconds = self._seconds if photo else _SMALL_SECONDS
        with (self._uploads if photo else self._small).share(caller.client) as share:
            try:
                async with asyncio.timeout(seconds):
                    await share.reserve(self._max_message_bytes)
                    request = await anext(aiter(requests), None)
            except TimeoutError as error:
                message = f"The request did not arrive within {seconds:g} seconds."
                raise ServiceError("UPLOAD_TIMEOUT", message, code=grpc.StatusCode.DEADLINE_EXCEEDED) from error
            if request is None:
                # one that is too large is refused by the transport, and the caller told so, before it is read
                message = f"The call has no message, or one of more than {self._max_message_bytes // 2**20} MB."
                raise InvalidArgument("FIELD_MISSING", message, field="message")
            share.shrink(request.ByteSize())
            yield request
