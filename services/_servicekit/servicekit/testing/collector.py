"""An OpenTelemetry collector for tests: takes in what real processes send it over real sockets, and shows it."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as pb_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage


@dataclass(frozen=True, kw_only=True)
class Span:
    """A span as it came in. Ids are hex."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    """Empty for the first of a trace."""
    attributes: Mapping[str, Any]
    links: tuple[str, ...]
    """Traces that it is linked to."""
    error: str
    """What went wrong; empty where nothing did."""
    seconds: float


class Collector(pb_grpc.TraceServiceServicer):
    """Keeps all spans, in the order of their coming."""

    def __init__(self) -> None:
        self.port = 0
        self._spans: list[Span] = []
        self._changed = threading.Condition()

    @property
    def endpoint(self) -> str:
        """For `MODOMO_OTLP_ENDPOINT`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def spans(self) -> Sequence[Span]:
        """All so far."""
        with self._changed:
            return tuple(self._spans)

    def Export(  # noqa: N802 - the generated base's name
        self, request: pb.ExportTraceServiceRequest, context: grpc.ServicerContext
    ) -> pb.ExportTraceServiceResponse:
        """Takes spans in."""
        with self._changed:
            for resource in request.resource_spans:
                named = {one.key: one.value.string_value for one in resource.resource.attributes}
                for scope in resource.scope_spans:
                    self._spans += [_span(named["service.name"], message) for message in scope.spans]
            self._changed.notify_all()
        return pb.ExportTraceServiceResponse()

    def until(self, condition: Callable[[Sequence[Span]], bool], *, seconds: float = 60.0) -> Sequence[Span]:
        """Waits until all spans together fulfil a condition; returns them. Raises TimeoutError. It blocks."""
        end = time.monotonic() + seconds
        with self._changed:
            while not condition(self._spans):
                if not self._changed.wait(end - time.monotonic()):
                    raise TimeoutError(f"so far: {sorted({(one.service, one.name) for one in self._spans})}")
            return tuple(self._spans)


@contextmanager
def collecting() -> Iterator[Collector]:
    """Listens on a free port of this machine while the block runs."""
    server, collector = grpc.server(ThreadPoolExecutor(4)), Collector()
    pb_grpc.add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]  # the stubs have no types
    collector.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield collector
    finally:
        server.stop(None).wait()


def _span(service: str, message: SpanMessage) -> Span:
    return Span(
        service=service,
        name=message.name,
        trace_id=message.trace_id.hex(),
        span_id=message.span_id.hex(),
        parent_id=message.parent_span_id.hex(),
        attributes={one.key: getattr(one.value, one.value.WhichOneof("value") or "") for one in message.attributes},
        links=tuple(link.trace_id.hex() for link in message.links),
        error=message.status.message,
        seconds=(message.end_time_unix_nano - message.start_time_unix_nano) / 1e9,
    )
