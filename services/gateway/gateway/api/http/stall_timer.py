"""Clients that stop reading: bounds how much is buffered for one, and for how long."""

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

STALL_SECONDS: Final = 30.0
"""A client that reads nothing for this long is cut off."""
BUFFER_BYTES: Final = 32 * 1024
"""How much this process buffers for a client, plus one message at most."""

SOCKET_BYTES: Final = 64 * 1024
"""The kernel's send buffer of a WebSocket: more than all events of a job; its default would be megabytes."""


class StallTimer:
    """Bounds a connection's buffer, and aborts a connection whose buffer stays full.

    Closing would wait for the client to take what is buffered, which it never does.
    """

    def __init__(self, transport: asyncio.WriteTransport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        transport.set_write_buffer_limits(high=BUFFER_BYTES)

    def start(self) -> None:
        """The buffer is full."""
        self.stop()
        self._timer = self._loop.call_later(STALL_SECONDS, self._transport.abort)

    def stop(self) -> None:
        """The buffer has room again, or the connection is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class BoundedWebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, with a bound on clients that stop reading."""

    _stall: StallTimer
    when_lost: Callable[[], None] | None = None
    """Called when the connection has ended."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client wants a WebSocket."""
        super().connection_made(transport)
        self._stall = StallTimer(self.transport, self.loop)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        if self.when_lost is not None:
            self.when_lost()
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
