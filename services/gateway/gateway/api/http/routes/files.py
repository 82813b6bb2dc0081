"""Pictures of the local store, shown to whoever holds a signed link."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from gateway.api.http import problem
from gateway.api.http.stored_file import StoredFile
from servicekit.errors import InvalidArgument
from servicekit.storage import attachment, is_filename
from servicekit.storage.local import LINK_PREFIX, LocalStore

_CACHE_SECONDS = 300
_PICTURE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"image/*": {}}},
    206: {"description": "The bytes that `Range` asks for.", "content": {"image/*": {}, "multipart/byteranges": {}}},
    304: {"description": "As `If-None-Match` or `If-Modified-Since` says, the client has it."},
}


def router(store: LocalStore) -> APIRouter:
    """The endpoint."""
    routes = APIRouter(tags=["files"])

    @routes.get(
        LINK_PREFIX + "{key:path}",
        summary="A picture",
        response_class=StoredFile,
        responses=_PICTURE | problem.documented(404, 416, 422, 503),
    )
    async def file(
        key: str,
        expires: str = "",
        signature: str = "",
        download: Annotated[str, Query(max_length=100, description="A name to save it under.")] = "",
    ) -> StoredFile:
        """Shows a picture that a signed link of a status or an event names, until the link expires."""
        if download and not is_filename(download):
            raise InvalidArgument("FIELD_INVALID", "download must be a plain file name.", field="download")
        found = await store.open_signed(key, expires=expires, signature=signature)
        return StoredFile(
            found.path,
            media_type=found.content_type,
            headers={
                "Cache-Control": f"private, max-age={_CACHE_SECONDS}, immutable",
                "Cross-Origin-Resource-Policy": "cross-origin",
                **({"Content-Disposition": attachment(download)} if download else {}),
            },
        )

    return routes
