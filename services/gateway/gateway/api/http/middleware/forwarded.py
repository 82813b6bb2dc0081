"""What trusted proxies say of the request that they pass on; nobody else is believed."""

import re
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.public_address import HOST, HOST_STATE, PREFIX_STATE
from gateway.api.trusted_proxies import TrustedProxies

FOR_HEADER: Final = "X-Forwarded-For"
PROTO_HEADER: Final = "X-Forwarded-Proto"
HOST_HEADER: Final = "X-Forwarded-Host"
PREFIX_HEADER: Final = "X-Forwarded-Prefix"
_PREFIX: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]{1,64}){1,8}")
_OUR_TYPES: Final = frozenset({"http", "websocket"})
_SCHEMES: Final = frozenset({"http", "https", "ws", "wss"})


class ForwardedHeaders:
    """Takes over `X-Forwarded-For`, `-Proto`, `-Host` and `-Prefix`.

    Every address that is handed out begins with the last three; the prefix is what the proxy has taken off the path. Of
    several values the last counts, which the nearest proxy has written; what is no host and no path is ignored. The
    request's own `Host` stays for those who judge by it: a page may send these headers, but no `Host` but its own.
    """

    def __init__(self, app: ASGIApp, proxies: TrustedProxies) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request or one WebSocket."""
        if scope["type"] in _OUR_TYPES and scope.get("client") and scope["client"][0] in self._proxies:
            headers, state = Headers(scope=scope), scope.setdefault("state", {})
            host, prefix = _last(headers, HOST_HEADER), _last(headers, PREFIX_HEADER).rstrip("/")
            if HOST.fullmatch(host):
                state[HOST_STATE] = host
            if _PREFIX.fullmatch(prefix):
                state[PREFIX_STATE] = prefix
            if (scheme := _last(headers, PROTO_HEADER)) in _SCHEMES:
                scope["scheme"] = scheme.replace("http", "ws") if scope["type"] == "websocket" else scheme
            peer, port = scope["client"]
            client = self._proxies.client(peer, headers.getlist(FOR_HEADER))
            scope["client"] = (client, port if client == peer else 0)
        await self._app(scope, receive, send)


def _last(headers: Headers, name: str) -> str:
    return ",".join(headers.getlist(name)).rpartition(",")[2].strip()
