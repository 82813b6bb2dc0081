"""HEAD: what GET would answer, without the body (RFC 9110, 9.3.2)."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OF_GET_ALONE: Final = b"range"
"""RFC 9110, 14.2: of a HEAD request it is to be ignored."""


class HeadAsGet:
    """Lets the routes answer a GET request in its place, and ends the answer after its headers, also an endless one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body"})  # then the server tells streams that the client has left

        headers = [(name, value) for name, value in scope["headers"] if name != _OF_GET_ALONE]
        as_get = {**scope, "method": "GET", "headers": headers}
        try:
            await self._app(as_get, receive, answer)
        finally:
            if "route" in as_get:
                scope["route"] = as_get["route"]  # for the metrics
