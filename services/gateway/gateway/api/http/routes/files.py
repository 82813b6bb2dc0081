"""Pictures of the local store, shown to whoever holds a signed link."""

from fastapi import APIRouter
from starlette.responses import FileResponse

from gateway.api.http import problem
from servicekit.storage.local import LINK_PREFIX, LocalStore

_CACHE_SECONDS = 300


def router(store: LocalStore) -> APIRouter:
    """The endpoint."""
    routes = APIRouter(tags=["files"])

    @routes.get(
        LINK_PREFIX + "{key:path}",
        summary="A picture",
        response_class=FileResponse,
        responses={200: {"content": {"image/*": {}}}, **problem.documented(404, 503)},
    )
    async def file(key: str, expires: str = "", signature: str = "") -> FileResponse:
        """Shows a picture that a signed link of a status or an event names, until the link expires."""
        found = await store.open_signed(key, expires=expires, signature=signature)
        return FileResponse(
            found.path,
            media_type=found.content_type,
            headers={
                "Cache-Control": f"private, max-age={_CACHE_SECONDS}, immutable",
                "Cross-Origin-Resource-Policy": "cross-origin",
            },
        )

    return routes
