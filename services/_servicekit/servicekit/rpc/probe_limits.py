"""Health and reflection are for everybody, without a key: their calls are bounded apart and hold up no others.

gRPC reads the message of a unary call before it asks the handler. So these calls are served as streams of requests,
which on the wire are the same, and a message is read when it is its turn.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, TypeAlias

import grpc

from servicekit.addresses import one_client
from servicekit.errors import Exhausted
from servicekit.fair_shares import FairShares
from servicekit.rpc.context import peer_host

MAX_CALLS: Final = 128
"""Health checks, watches and reflection together; no address holds more than are still free."""
PREFIXES: Final = ("/grpc.health.", "/grpc.reflection.")
_MESSAGES: Final = 4
"""Messages that are read at a time, by two addresses at least."""
_SECONDS: Final = 5.0
"""How long a message may take to arrive."""
_Call: TypeAlias = grpc.aio.ServicerContext[Any, Any]
_Handler: TypeAlias = Callable[[AsyncIterator[Any], _Call], Awaitable[Any]]


class ProbeLimits(grpc.aio.ServerInterceptor):
    """Bounds calls of health and reflection, in all and from one address."""

    def __init__(self) -> None:
        self._calls = FairShares(MAX_CALLS)
        self._messages = FairShares(_MESSAGES)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:  # noqa: ANN401 - a handler of whatever messages
        """Wraps the handlers of health and reflection."""
        handler = await continuation(handler_call_details)
        if handler is None or not handler_call_details.method.startswith(PREFIXES):
            return handler
        codec = {
            "request_deserializer": handler.request_deserializer,
            "response_serializer": handler.response_serializer,
        }
        if handler.unary_unary is not None:
            return grpc.stream_unary_rpc_method_handler(self._counted(self._single(handler.unary_unary)), **codec)
        if handler.unary_stream is not None:
            return grpc.stream_stream_rpc_method_handler(self._counted(self._single(handler.unary_stream)), **codec)
        return grpc.stream_stream_rpc_method_handler(self._counted(self._each(handler.stream_stream)), **codec)

    def _counted(self, answer: _Handler) -> _Handler:
        async def handle(requests: AsyncIterator[Any], call: _Call) -> Any:  # noqa: ANN401 - any message
            busy = Exhausted("TOO_MANY_CALLS", "Too many calls of this kind at once.")
            try:
                with self._calls.one(_client(call), refusal=busy):
                    return await answer(requests, call)
            except Exhausted as error:
                await call.abort(error.code, error.message)

        return handle

    def _single(self, answer: Callable[[Any, _Call], Awaitable[Any]]) -> _Handler:
        async def handle(requests: AsyncIterator[Any], call: _Call) -> Any:  # noqa: ANN401 - any message
            request = await self._next(requests, call)
            if request is None:
                await call.abort(grpc.StatusCode.INVALID_ARGUMENT, "The call has no message.")
            return await answer(request, call)

        return handle

    def _each(self, answer: Callable[[AsyncIterator[Any], _Call], AsyncIterator[Any]]) -> _Handler:
        async def handle(requests: AsyncIterator[Any], call: _Call) -> None:
            async def bounded() -> AsyncIterator[Any]:
                while (request := await self._next(requests, call)) is not None:
                    yield request

            async for response in answer(bounded(), call):
                await call.write(response)

        return handle

    async def _next(self, requests: AsyncIterator[Any], call: _Call) -> Any:  # noqa: ANN401 - any message
        client = _client(call)
        try:
            async with asyncio.timeout(_SECONDS):
                await self._messages.take(client)
                try:
                    return await anext(requests, None)
                finally:
                    self._messages.give_back(client)
        except TimeoutError:
            await call.abort(grpc.StatusCode.DEADLINE_EXCEEDED, f"No message within {_SECONDS:g} seconds.")


def _client(call: _Call) -> str:
    return one_client(peer_host(call.peer()))
