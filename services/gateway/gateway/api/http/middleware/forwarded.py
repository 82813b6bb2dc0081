"""What trusted proxies say of the request that they pass on; nobody else is believed."""

import re
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gateway.api.public_address import HOST, PREFIX_STATE

HOST_HEADER: Final = "X-Forwarded-Host"
PREFIX_HEADER: Final = "X-Forwarded-Prefix"
_PREFIX: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]{1,64}){1,8}")
_OUR_TYPES: Final = frozenset({"http", "websocket"})


class ForwardedHeaders(ProxyHeadersMiddleware):
    """Takes over `X-Forwarded-Host` and `-Prefix` as well as uvicorn's `-Proto` and `-For`.

    The host takes the place of the request's own. The prefix is what the proxy has taken off the path; it comes before
    every address that is handed out. Of several values the last counts, which the nearest proxy has written; what is no
    host and no path is ignored.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]  # Starlette's types of the same things
        """Serves one request or one WebSocket."""
        client = scope.get("client")
        if scope["type"] in _OUR_TYPES and (client[0] if client else None) in self.trusted_hosts:
            headers = Headers(scope=scope)
            host, prefix = _last(headers, HOST_HEADER), _last(headers, PREFIX_HEADER).rstrip("/")
            if HOST.fullmatch(host):
                others = [(name, value) for name, value in scope["headers"] if name != b"host"]
                scope["headers"] = [(b"host", host.encode()), *others]
            if _PREFIX.fullmatch(prefix):
                scope.setdefault("state", {})[PREFIX_STATE] = prefix
        await super().__call__(scope, receive, send)  # type: ignore[arg-type]  # as above


def _last(headers: Headers, name: str) -> str:
    return ",".join(headers.getlist(name)).rpartition(",")[2].strip()
