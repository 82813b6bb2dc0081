"""OpenTelemetry traces: one for each job, from the request with its photo to its terminal event.

Spans are made with OpenTelemetry's API, which does nothing unless `start` is given an endpoint; the SDK and the
exporter are the extra `tracing`. A trace passes from process to process, and with a job through Redis, as a
`traceparent` (W3C Trace Context). Spans hold names, ids, numbers and codes: no URLs of pictures, no tokens, no texts of
exceptions.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from time import time_ns
from typing import Final
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from servicekit.config.env import SettingsError, shared

KEY: Final = "traceparent"
"""Name of the call metadata, and of the HTTP header."""

QUEUE_LIMIT: Final = 4096
"""Spans that may wait to be sent; further ones are dropped, since no job waits for a collector."""
_EXPORT_SECONDS: Final = 5
_PROPAGATOR: Final = TraceContextTextMapPropagator()


class _Process:
    """The tracer of this process.

    It is not OpenTelemetry's global one: to that, FastAPI would add spans with whole URLs, tokens among them, and it
    would continue traces that strangers send.
    """

    tracer: Tracer = trace.NoOpTracer()


_process: Final = _Process()


@dataclass(frozen=True, kw_only=True)
class TracingSettings:
    """Settings of traces."""

    otlp_endpoint: str = shared("")
    """`http://host:4317` or, with TLS, `https://…` of an OpenTelemetry collector (OTLP over gRPC); empty for no traces.
    `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_EXPORTER_OTLP_CERTIFICATE` say what else it needs."""

    trace_ratio: float = shared(1.0)
    """Share of traces that are recorded, 0–1; decided once for all of a trace."""


def start(service: str, settings: TracingSettings) -> None:
    """Sends this process's spans to the collector that the settings name; raises SettingsError.

    While the collector is away, spans are lost and nothing else happens.
    """
    if not settings.otlp_endpoint:
        return
    if not 0 <= settings.trace_ratio <= 1:
        raise SettingsError(f"MODOMO_TRACE_RATIO must lie in 0–1, not {settings.trace_ratio}")
    secure = _is_secure(settings.otlp_endpoint)
    try:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased  # noqa: PLC0415 - as above
    except ImportError as error:
        raise SettingsError(
            "MODOMO_OTLP_ENDPOINT is set, but the exporter is not installed: install the extra `tracing`"
        ) from error
    who = {"service.name": f"modomo-{service}", "service.version": version("modomo-servicekit")}
    provider = TracerProvider(
        resource=Resource.create(who),
        sampler=ParentBased(TraceIdRatioBased(settings.trace_ratio)),
    )
    exporter = OTLPSpanExporter(endpoint=settings.otlp_endpoint, insecure=not secure, timeout=_EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=QUEUE_LIMIT))
    _process.tracer = provider.get_tracer("modomo")


@contextmanager
def span(
    name: str,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    parent: str | None = None,
    link: str = "",
    **attributes: AttributeValue,
) -> Iterator[Span]:
    """A span around a block, a child of the current span; without a current span, none is made.

    `parent` is the traceparent of another parent; '' or a malformed one begins a new trace. `link` is that of a related
    span. Double underscores stand for the dots of attributes' names.
    """
    if parent is None and not _traced():
        yield trace.INVALID_SPAN
        return
    with _process.tracer.start_as_current_span(
        name,
        context=_context(parent),
        kind=kind,
        links=_links(link),
        attributes=_named(attributes),
        record_exception=False,
        set_status_on_exception=False,
    ) as one:
        yield one


def begin(name: str, *, kind: SpanKind = SpanKind.INTERNAL, **attributes: AttributeValue) -> Span:
    """As `span`, for work without a block; call its `end()`."""
    if not _traced():
        return trace.INVALID_SPAN
    return _process.tracer.start_span(name, kind=kind, attributes=_named(attributes))


def record(name: str, *, since: datetime, parent: str, **attributes: AttributeValue) -> None:
    """A span from `since`, perhaps by another machine's clock, until now; none where `parent` is empty."""
    if not parent:
        return
    now = time_ns()
    began = min(now, int(since.timestamp() * 1e9))
    _process.tracer.start_span(name, context=_context(parent), attributes=_named(attributes), start_time=began).end(now)


def failed(span: Span, reason: str) -> None:
    """Marks a span as failed, with the error's code."""
    span.set_status(Status(StatusCode.ERROR, reason))


def traceparent(span: Span | None = None) -> str:
    """Of a span, or of the current one; empty where there is none."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, None if span is None else trace.set_span_in_context(span))
    return carrier.get(KEY, "")


def ids() -> dict[str, str]:
    """`trace_id` and `span_id` of the current span, as logs show them; nothing where there is none."""
    now = trace.get_current_span().get_span_context()
    if not now.is_valid:
        return {}
    return {"trace_id": f"{now.trace_id:032x}", "span_id": f"{now.span_id:016x}"}


def _context(parent: str | None) -> Context | None:
    """None for the current span. A malformed traceparent counts as none."""
    return None if parent is None else _PROPAGATOR.extract({KEY: parent}, Context())


def _traced() -> bool:
    return trace.get_current_span().get_span_context().is_valid


def _links(traceparent: str) -> list[Link]:
    if not traceparent:
        return []
    linked = trace.get_current_span(_context(traceparent)).get_span_context()
    return [Link(linked)] if linked.is_valid else []


def _named(attributes: dict[str, AttributeValue]) -> dict[str, AttributeValue]:
    return {name.replace("__", "."): value for name, value in attributes.items()}


def _is_secure(endpoint: str) -> bool:
    """Whether an endpoint needs TLS; raises SettingsError for a malformed one."""
    try:
        parts = urlsplit(endpoint)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port and not parts.path.strip("/")
    except ValueError:
        valid = False
    if not valid:
        raise SettingsError(f"MODOMO_OTLP_ENDPOINT must be http://host:port or https://host:port, not {endpoint!r}")
    return parts.scheme == "https"
