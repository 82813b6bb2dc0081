"""What happens around every RPC that a service answers.

The caller's ids and trace are continued, the outcome is logged and counted, and every exception becomes a
google.rpc.Status.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import ExitStack, aclosing
from typing import Any, NoReturn

import grpc
from grpc_status import rpc_status
from opentelemetry.trace import SpanKind

from servicekit.errors import ServiceError, internal
from servicekit.observability import logs, metrics, tracing
from servicekit.rpc import context, probe_limits
from servicekit.rpc.status import to_status

log = logs.get(__name__)


class ServiceInterceptor(grpc.aio.ServerInterceptor):
    """Ids in, errors out, one log line and one metric an RPC."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:  # noqa: ANN401 - a handler of whatever messages
        """Wraps the handlers of our methods, those included that read their one request by themselves."""
        handler = await continuation(handler_call_details)
        method: str = handler_call_details.method
        if handler is None or method.startswith(probe_limits.PREFIXES):
            return handler
        if handler.unary_unary is not None:
            return grpc.unary_unary_rpc_method_handler(
                _unary(handler.unary_unary, method),
                request_deserializer=handler.request_deserializer,
                response_serializer=handler.response_serializer,
            )
        if handler.unary_stream is not None:
            return grpc.unary_stream_rpc_method_handler(
                _streaming(handler.unary_stream, method),
                request_deserializer=handler.request_deserializer,
                response_serializer=handler.response_serializer,
            )
        if handler.stream_unary is not None:
            return grpc.stream_unary_rpc_method_handler(
                _unary(handler.stream_unary, method),
                request_deserializer=handler.request_deserializer,
                response_serializer=handler.response_serializer,
            )
        return grpc.stream_stream_rpc_method_handler(
            _streaming(handler.stream_stream, method),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )


def _unary(answer: Callable[..., Awaitable[Any]], method: str) -> Callable[..., Awaitable[Any]]:
    async def handle(request: Any, call: grpc.aio.ServicerContext[Any, Any]) -> Any:  # noqa: ANN401 - any message
        with _Observation(method, call) as observation:
            try:
                return await answer(request, call)
            except Exception as error:
                await observation.abort(error)

    return handle


def _streaming(answer: Callable[..., AsyncGenerator[Any, None]], method: str) -> Callable[..., Awaitable[None]]:
    async def handle(request: Any, call: grpc.aio.ServicerContext[Any, Any]) -> None:  # noqa: ANN401 - any message
        """Writes rather than yields, so that a cancelled call closes the generator at once."""
        with _Observation(method, call) as observation:
            try:
                async with aclosing(answer(request, call)) as responses:
                    async for response in responses:
                        await _write(call, response)
            except Exception as error:
                await observation.abort(error)

    return handle


async def _write(call: grpc.aio.ServicerContext[Any, Any], response: Any) -> None:  # noqa: ANN401 - any message
    try:
        await call.write(response)
    except grpc.aio.InternalError as error:  # the caller has hung up
        raise asyncio.CancelledError from error


class _Observation:
    """One RPC, from the first byte to the outcome."""

    def __init__(self, method: str, call: grpc.aio.ServicerContext[Any, Any]) -> None:
        self._method = method
        self._call = call
        self._code = grpc.StatusCode.OK
        self._reason = ""
        self._spans = ExitStack()

    def __enter__(self) -> "_Observation":
        self._start = time.perf_counter()
        metadata = self._call.invocation_metadata() or ()
        context.adopt(metadata)
        self._span = self._spans.enter_context(
            tracing.span(
                self._method.removeprefix("/"),
                kind=SpanKind.SERVER,
                parent=next((value for key, value in metadata if key == tracing.KEY and isinstance(value, str)), ""),
                rpc__system="grpc",
            )
        )
        left = self._call.time_remaining()
        context.deadline.set(None if left is None else time.monotonic() + left)
        metrics.RPC_IN_FLIGHT.labels(self._method).inc()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _traceback: object) -> None:
        seconds = time.perf_counter() - self._start
        if kind is not None and self._code is grpc.StatusCode.OK:
            self._code, self._reason = grpc.StatusCode.CANCELLED, "CANCELLED"
        metrics.RPC_IN_FLIGHT.labels(self._method).dec()
        metrics.RPC_SECONDS.labels(self._method, self._code.name).observe(seconds)
        if self._reason:
            metrics.RPC_ERRORS.labels(self._method, self._reason).inc()
            tracing.failed(self._span, self._reason)
        log.info("rpc", method=self._method, code=self._code.name, reason=self._reason, seconds=round(seconds, 4))
        self._spans.close()

    async def abort(self, error: Exception) -> NoReturn:
        """Ends the call with the public error; the log gets the rest."""
        if isinstance(error, grpc.aio.AbortError):
            self._code = self._call.code() or grpc.StatusCode.UNKNOWN
            raise error
        known = error if isinstance(error, ServiceError) else internal()
        if known is not error:
            log.error("unexpected exception", method=self._method, exc_info=error)
        self._code, self._reason = known.code, known.reason
        status = rpc_status.to_status(to_status(known))
        await self._call.abort(status.code, status.details, status.trailing_metadata)
        raise AssertionError("abort always raises")
