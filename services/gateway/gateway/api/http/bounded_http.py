"""uvicorn's HTTP protocol with bounds that it lacks: on connections, on requests but for bodies, on idle readers."""

import asyncio
from typing import Any, Final

from httptools import HttpParserError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.api.http.connection_limits import REFUSAL, ConnectionLimits
from gateway.api.http.stall_timer import BoundedWebSocketProtocol, StallTimer

MAX_HEAD_BYTES: Final = 64 * 1024
HEAD_SECONDS: Final = 15.0
"""How long request line and headers may take to arrive."""
MAX_PIPELINED: Final = 8
"""Requests of one connection that may wait while another of its requests is answered."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """Ends connections whose request line and headers are endless, or never come, and those that are not read from.

    Trailers are dropped (RFC 9110, 6.5.1: nobody has to take them), since uvicorn would add them to the headers that
    were judged before. Trailers and chunk extensions count as a head does.
    """

    _stall: StallTimer

    def __init__(self, limits: ConnectionLimits, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as the base's
        super().__init__(*args, **kwargs)
        self._limits = limits
        self._head_complete = False
        self._other_bytes = 0
        """Of the request in work, since its body last went on."""
        self._body_went_on = False
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the base's
        """A client has connected."""
        super().connection_made(transport)
        self._stall = StallTimer(transport, self.loop)
        self._start_head()
        if not self._limits.add(self):
            transport.write(REFUSAL)
            transport.close()

    @property
    def address(self) -> str:
        """The peer's IP address; empty where it has none."""
        return self.client[0] if self.client else ""

    def abort(self) -> None:
        """Ends it at once, whatever the client has not read yet."""
        self.transport.abort()

    def handle_websocket_upgrade(self) -> None:
        """It becomes a WebSocket, which counts on until it ends."""
        self._limits.busy(self)
        super().handle_websocket_upgrade()
        protocol = self.transport.get_protocol()
        assert isinstance(protocol, BoundedWebSocketProtocol)  # noqa: S101 - the server is told to make these
        protocol.when_lost = lambda: self._limits.remove(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self._limits.remove(self)
        self._stop_timer()
        self._stall.stop()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """It does not read."""
        super().pause_writing()
        self._stall.start()

    def resume_writing(self) -> None:
        """It reads again."""
        self._stall.stop()
        super().resume_writing()

    def on_message_begin(self) -> None:
        """A request begins, the first or another one on the same connection."""
        super().on_message_begin()
        self._start_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which is dropped."""
        if not self._head_complete:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Its body begins."""
        if len(self.pipeline) >= MAX_PIPELINED:
            raise HttpParserError("too many requests at once")
        self._head_complete = True
        self._body_went_on = True
        self._stop_timer()
        self._limits.busy(self)
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """One of its requests is answered."""
        super().on_response_complete()
        if self.cycle.response_complete:
            self._limits.idle(self)

    def on_body(self, body: bytes) -> None:
        """A part of its body."""
        self._body_went_on = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """It has arrived whole."""
        self._body_went_on = True
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Parses, then counts what belongs to no body."""
        self._body_went_on = False
        super().data_received(data)
        self._other_bytes = 0 if self._body_went_on else self._other_bytes + len(data)
        if self._other_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            if self._head_complete and self.cycle.response_started:
                self.transport.abort()
            else:
                self.send_400_response("Request header fields too large.")

    def _start_head(self) -> None:
        self._stop_timer()
        self._head_complete = False
        self._other_bytes = 0
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
