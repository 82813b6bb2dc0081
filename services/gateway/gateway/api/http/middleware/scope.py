"""A request's id, its log line, its metrics, and the answer to an exception that nobody expected."""

import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Gauge, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.http import problem
from gateway.api.public_address import PublicAddress
from servicekit.errors import internal
from servicekit.observability import logs, tracing
from servicekit.observability.metrics import SECONDS_BUCKETS
from servicekit.rpc import context

log = logs.get(__name__)

HEADER: Final = "X-Request-ID"

HTTP_SECONDS: Final = Histogram(
    "modomo_http_request_duration_seconds",
    "Time to answer a request",
    ["method", "route", "status"],
    buckets=SECONDS_BUCKETS,
)
WEBSOCKETS_OPEN: Final = Gauge("modomo_http_websockets_open", "WebSockets that are open")
UNEXPECTED: Final = Counter("modomo_http_unexpected_errors_total", "Requests that ended in an unexpected exception")

_ACCEPTABLE: Final = re.compile(rf"[A-Za-z0-9._:/+=@-]{{1,{context.MAX_ID_LENGTH}}}")
_UNTRACED: Final = ("/health", "/metrics")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestScope:
    """Takes a request's id over or makes one, and shows it on the answer."""

    def __init__(self, app: ASGIApp, *, address: PublicAddress) -> None:
        """`address` is where pages about errors lie."""
        self._app = app
        self._address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request or one WebSocket."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})[problem.ADDRESS_STATE] = self._address
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if _ACCEPTABLE.fullmatch(given) else uuid.uuid4().hex
        serve = self._websocket if scope["type"] == "websocket" else self._http
        with context.bound(request=request_id), _traced(scope):
            await serve(scope, receive, send, request_id)

    async def _http(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        start, status = time.perf_counter(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            log.info("client left", path=scope["path"][:200])
        except Exception as error:  # whatever it is, the caller learns nothing but that
            UNEXPECTED.inc()
            log.error("unexpected exception", path=scope["path"][:200], exc_info=error)
            if status:  # too late for an answer: only a broken connection tells the client
                raise
            await problem.error_response(internal())(scope, receive, answer)
        finally:
            self._observe(scope, status, time.perf_counter() - start)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "websocket.accept":
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        with WEBSOCKETS_OPEN.track_inprogress():
            await self._app(scope, receive, answer)

    def _observe(self, scope: Scope, status: int, seconds: float) -> None:
        method = _method(scope)
        HTTP_SECONDS.labels(method, _route(scope), status).observe(seconds)
        span = trace.get_current_span()
        span.set_attribute("http.response.status_code", status)
        if status >= 500:
            tracing.failed(span, str(status))
        say = (
            log.debug if method == "GET" and status < 400 else log.info
        )  # apps poll, probes probe: metrics count those
        say("http", method=method, path=scope["path"][:200], status=status, seconds=round(seconds, 4))


@contextmanager
def _traced(scope: Scope) -> Iterator[None]:
    """A trace of its own for each request but probes'.

    A caller's trace is linked to, not taken over: whoever calls from outside does not decide what we record.
    """
    if scope["path"].startswith(_UNTRACED):
        yield
        return
    method = _method(scope)
    with tracing.span(method, kind=SpanKind.SERVER, parent="", link=Headers(scope=scope).get(tracing.KEY, "")) as span:
        try:
            yield
        finally:
            span.update_name(f"{method} {_route(scope)}")
            span.set_attribute("http.route", _route(scope))


def _method(scope: Scope) -> str:
    if scope["type"] == "websocket":
        return "WebSocket"
    return scope["method"] if scope["method"] in _METHODS else "OTHER"


def _route(scope: Scope) -> str:
    """The pattern that the path has matched."""
    return getattr(scope.get("route"), "path", "unmatched")
