"""What happens around every RPC that we make: ids and trace go along, and the outcome is counted.

The interceptors are our own because cancelling must reach the other side at once: those of OpenTelemetry delay it for
seconds (opentelemetry-python-contrib, issue 3271).
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import grpc
from opentelemetry.trace import SpanKind

from servicekit.observability import metrics, tracing
from servicekit.rpc import context


class UnaryCalls(grpc.aio.UnaryUnaryClientInterceptor):
    """Around calls with one answer."""

    async def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: grpc.aio.ClientCallDetails, request: object
    ) -> Any:  # noqa: ANN401 - whatever the call answers
        """Makes the call and returns when it has ended."""
        observation = _Observation(client_call_details)
        call = await observation.begin(continuation, request)
        try:
            await call.wait_for_connection()
            await call.code()
        except asyncio.CancelledError:
            call.cancel()
            raise
        except grpc.aio.AioRpcError:
            return call  # the caller gets the error when it awaits the call
        return call


class StreamCalls(grpc.aio.UnaryStreamClientInterceptor):
    """Around calls with a stream of answers."""

    async def intercept_unary_stream(
        self, continuation: Callable[..., Any], client_call_details: grpc.aio.ClientCallDetails, request: object
    ) -> Any:  # noqa: ANN401 - whatever the call answers
        """Makes the call and returns at once."""
        observation = _Observation(client_call_details)
        return await observation.begin(continuation, request)


class _Observation:
    """One call, from its making to its end."""

    def __init__(self, details: grpc.aio.ClientCallDetails) -> None:
        method: str | bytes = details.method
        self._method = method.decode() if isinstance(method, bytes) else method
        self._start = time.perf_counter()
        metrics.CALLS_IN_FLIGHT.labels(self._method).inc()
        self._span = tracing.begin(self._method.removeprefix("/"), kind=SpanKind.CLIENT, rpc__system="grpc")
        self.details = grpc.aio.ClientCallDetails(
            method=details.method,
            timeout=details.timeout,
            metadata=grpc.aio.Metadata(*(details.metadata or ()), *context.metadata(), *self._trace()),
            credentials=details.credentials,
            wait_for_ready=details.wait_for_ready,
        )
        """The caller's details, with ids and trace."""

    async def begin(self, continuation: Callable[..., Any], request: object) -> Any:  # noqa: ANN401 - of either kind
        """Makes the call."""
        try:
            call = await continuation(self.details, request)
        except BaseException:  # the channel is closed: without a call, `end` is never called
            metrics.CALLS_IN_FLIGHT.labels(self._method).dec()
            self._span.end()
            raise
        call.add_done_callback(self.end)
        return call

    def end(self, call: grpc.aio.Call) -> None:
        """Called once, when the call has ended in whatever way."""
        code = _code(call)
        metrics.CALLS_IN_FLIGHT.labels(self._method).dec()
        metrics.CALL_SECONDS.labels(self._method, code.name).observe(time.perf_counter() - self._start)
        if code is not grpc.StatusCode.OK:
            tracing.failed(self._span, code.name)
        self._span.end()

    def _trace(self) -> list[tuple[str, str]]:
        traceparent = tracing.traceparent(self._span)
        return [(tracing.KEY, traceparent)] if traceparent else []


def _code(call: grpc.aio.Call) -> grpc.StatusCode:
    """The status of a call that has ended: its coroutine returns at the first step."""
    asking = call.code()
    try:
        asking.send(None)
    except StopIteration as answer:
        code: grpc.StatusCode = answer.value
        return code
    finally:
        asking.close()
    return grpc.StatusCode.UNKNOWN
