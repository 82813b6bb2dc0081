"""uvicorn, started and drained by our own signals."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Generator
from functools import partial
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from gateway.api.http.bounded_http import BoundedHttpProtocol
from gateway.api.http.connection_limits import ConnectionLimits
from gateway.api.http.middleware.draining import Draining
from gateway.api.http.middleware.forwarded import ForwardedHeaders
from gateway.api.http.stall_timer import BoundedWebSocketProtocol
from gateway.api.trusted_proxies import TrustedProxies
from servicekit import process
from servicekit.observability import logs

log = logs.get(__name__)

_CLOSING_SECONDS: Final = 2
"""How long connections that are still open after draining may take to close."""
_NOTICE_SECONDS: Final = 1.0
"""How long requests are still taken after the signal to stop, until load balancers see that it is not ready."""
_MAX_CLIENT_MESSAGE_BYTES: Final = 4096
_IDLE_SECONDS: Final = 75
"""Longer than the usual 60 of load balancers, so that the balancer closes an idle connection first."""


class HttpServer:
    """Listens on one address in the running event loop."""

    def __init__(
        self, app: ASGIApp, *, listen: str, proxies: TrustedProxies, connections: int, connections_per_address: int
    ) -> None:
        """`listen` is `host:port`; port 0 takes a free one. `connections` are bounded by descriptors, too."""
        logging.getLogger("uvicorn").setLevel(logging.WARNING)  # its info lines say what ours say
        self._listen = listen
        self._draining = Draining(app)
        limits = ConnectionLimits(
            total=min(connections, process.descriptors() * 3 // 4),  # the rest is for files and other services
            per_address=connections_per_address,
            proxies=proxies,
        )
        self._server = _Server(
            uvicorn.Config(
                ForwardedHeaders(self._draining, proxies),
                http=partial(BoundedHttpProtocol, limits),  # type: ignore[arg-type]  # it only calls it
                ws=BoundedWebSocketProtocol,
                ws_max_size=_MAX_CLIENT_MESSAGE_BYTES,
                ws_per_message_deflate=False,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=_IDLE_SECONDS,
                timeout_graceful_shutdown=_CLOSING_SECONDS,
            )
        )
        self._task: asyncio.Task[None] | None = None
        self.port = 0
        """The port that it listens on, once it does."""

    async def start(self) -> None:
        """Listens; raises OSError where it cannot."""
        listener = _listener(self._listen)
        self.port = listener.getsockname()[1]
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))
        await self._server.listening.wait()
        log.info("listening", address=self._listen, port=self.port)

    async def stop(self, *, drain_seconds: float) -> None:
        """Takes requests for another second, waits for open requests and sockets, then closes those that are left."""
        self._draining.begin()
        log.info("draining", seconds=drain_seconds, open=len(self._server.server_state.tasks))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(drain_seconds):
                await asyncio.sleep(_NOTICE_SECONDS)
                for listener in self._server.servers:
                    listener.close()
                while self._server.server_state.tasks:
                    await asyncio.wait(set(self._server.server_state.tasks))
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        log.info("stopped")


class _Server(uvicorn.Server):
    """Leaves signals to the process, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Captures none."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens."""
        await super().startup(sockets)
        self.listening.set()


def _listener(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, int(port)))
    listener.setblocking(False)
    return listener
