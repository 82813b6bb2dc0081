"""Guards a gateway that asks for no key against the pages that a browser on its machine shows.

Whoever asks for no key may be called by any page. One whose name leads to this machine (DNS rebinding) may even read
the answers, as the browser takes both for one site; a form of any page may submit. So only names of this machine are
answered (RFC 9110, 7.4), and requests that change something, and WebSockets, only where no foreign page makes them.
"""

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.http import origin_check, problem
from gateway.api.public_address import PublicAddress, is_loopback
from servicekit.errors import PermissionDenied, ServiceError

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class OpenAccessGuard:
    """Refuses names of other machines with 421, and what foreign pages ask for with 403."""

    def __init__(self, app: ASGIApp, *, address: PublicAddress, origins: Collection[str], any_host: bool) -> None:
        """Pages of `origins` are no foreign ones; `any_host` answers to every name."""
        self._app = app
        self._address = address
        self._origins = origins
        self._any_host = any_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request or one WebSocket."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(HTTPConnection(scope))
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})  # before it is accepted: the handshake is answered 403
        else:
            await problem.error_response(refusal)(scope, receive, send)

    def _refusal(self, connection: HTTPConnection) -> ServiceError | None:
        headers = connection.headers
        if not self._any_host and not self._is_ours(headers.get("host", "")):
            message = "Without API keys this gateway answers to localhost and to the host of its public_url alone."
            return PermissionDenied("HOST_REFUSED", message)
        if connection.scope["type"] == "http" and connection.scope["method"] in _SAFE:
            return None
        if self._is_foreign(connection):
            return PermissionDenied("ORIGIN_REFUSED", "A page of another site may not do this.")
        return None

    def _is_ours(self, host: str) -> bool:
        """Whether a `Host` names this machine; so does none at all, which no browser sends."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        return not host or name == self._address.fixed_host != "" or is_loopback(name)

    def _is_foreign(self, connection: HTTPConnection) -> bool:
        """By what a browser says of the page that asks (Fetch Metadata, 2.3); programs say nothing."""
        origin, site = (connection.headers.get(name, "") for name in ("origin", "sec-fetch-site"))
        if origin and site != "same-origin":
            return not origin_check.allowed(origin, base=self._address.base(connection), others=self._origins)
        return site == "cross-site"
