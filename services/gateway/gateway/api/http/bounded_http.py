"""uvicorn's HTTP protocol with bounds that it lacks: on a request's head, and on clients that stop reading."""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.api.http.stall_timer import StallTimer

MAX_HEAD_BYTES: Final = 64 * 1024
HEAD_SECONDS: Final = 15.0
"""How long request line and headers may take to arrive."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """Ends connections whose request line and headers are endless, or never come, and those that are not read from."""

    _stall: StallTimer

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as the base's
        super().__init__(*args, **kwargs)
        self._head_complete = False
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the base's
        """A client has connected."""
        super().connection_made(transport)
        self._stall = StallTimer(transport, self.loop)
        self._start_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
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

    def on_headers_complete(self) -> None:
        """Its body begins."""
        self._head_complete = True
        self._stop_timer()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Parses, then counts what belongs to a head that is not complete yet."""
        super().data_received(data)
        if not self._head_complete:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("Request header fields too large.")

    def _start_head(self) -> None:
        self._stop_timer()
        self._head_complete = False
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
