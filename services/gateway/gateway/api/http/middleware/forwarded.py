"""What trusted proxies say of the request that they pass on; nobody else is believed."""

import re
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gateway.api.public_address import HOST, HOST_STATE, PREFIX_STATE

HOST_HEADER: Final = "X-Forwarded-Host"
PREFIX_HEADER: Final = "X-Forwarded-Prefix"
_PREFIX: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]{1,64}){1,8}")
_OUR_TYPES: Final = frozenset({"http", "websocket"})


class ForwardedHeaders(ProxyHeadersMiddleware):
    """Takes over `X-Forwarded-Host` and `-Prefix` as well as uvicorn's `-Proto` and `-For`.

    Every address that is handed out begins with both; the prefix is what the proxy has taken off the path. Of several
    values the last counts, which the nearest proxy has written; what is no host and no path is ignored. The request's
    own `Host` stays for those who judge by it: a page can send these headers, but no other `Host` than its own.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]  # Starlette's types of the same things
        """Serves one request or one WebSocket."""
        client = scope.get("client")
        if scope["type"] in _OUR_TYPES and (client[0] if client else None) in self.trusted_hosts:
            headers, state = Headers(scope=scope), scope.setdefault("state", {})
            host, prefix = _last(headers, HOST_HEADER), _last(headers, PREFIX_HEADER).rstrip("/")
            if HOST.fullmatch(host):
                state[HOST_STATE] = host
            if _PREFIX.fullmatch(prefix):
                state[PREFIX_STATE] = prefix
        await super().__call__(scope, receive, send)  # type: ignore[arg-type]  # as above


def _last(headers: Headers, name: str) -> str:
    return ",".join(headers.getlist(name)).rpartition(",")[2].strip()
