"""`/v1/…`: the same routes as without it, for clients that name the version of the API that they were written for."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.public_address import VERSION_STATE

PREFIX: Final = "/v1"


class VersionPrefix:
    """Takes the version off a path; the addresses in the answer have it again."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request or one WebSocket."""
        if scope["type"] in ("http", "websocket") and (scope["path"] + "/").startswith(PREFIX + "/"):
            raw = scope.get("raw_path")
            scope = {**scope, "path": scope["path"].removeprefix(PREFIX) or "/"}
            if raw:
                scope["raw_path"] = raw.removeprefix(PREFIX.encode()) or b"/"
            scope["state"] = {**scope.get("state", {}), VERSION_STATE: PREFIX}
        await self._app(scope, receive, send)
