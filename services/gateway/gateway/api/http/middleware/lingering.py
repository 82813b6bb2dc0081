"""Answers to requests whose body has not been read to its end.

Closing a connection while the client still sends makes its kernel throw the answer away (RFC 9112, 9.6). So the answer
goes out at once, what still arrives is thrown away for a moment, and then the connection ends.
"""

import asyncio
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SECONDS: Final = 2.0
_BYTES: Final = 64 * 2**20


class LingeringClose:
    """Keeps count of the body, and ends the connection where the answer came before its end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        unread = True

        async def count() -> Message:
            nonlocal unread
            message = await receive()
            unread = message["type"] == "http.request" and message.get("more_body", False)
            return message

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and unread:
                MutableHeaders(scope=message)["Connection"] = "close"
            if message["type"] != "http.response.body" or message.get("more_body", False) or not unread:
                await send(message)
                return
            await send({**message, "more_body": True})
            await _discard(count)
            await send({"type": "http.response.body"})

        await self._app(scope, count, answer)


async def _discard(receive: Receive) -> None:
    """Reads on until the body ends, the client leaves, or it has been enough."""
    discarded = 0
    try:
        async with asyncio.timeout(_SECONDS):
            while discarded < _BYTES:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
                discarded += len(message.get("body", b""))
    except TimeoutError:
        return


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
