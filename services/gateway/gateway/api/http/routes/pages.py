"""Pages for people: the playground, and the API's documentation."""

from collections.abc import Awaitable, Callable
from importlib import resources
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from gateway.api.http.stored_file import StoredFile

_PLAYGROUND: Final = Path(__file__).parents[1] / "playground"
_FILES: Final = {
    "playground.css": "text/css",
    "playground.js": "text/javascript",
    "modomo-client.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_PLAYGROUND_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SWAGGER: Final = resources.files("fastapi_offline") / "static"
"""Swagger UI, as that package ships it: a page about a service must not depend on anybody else's server."""
_DOCUMENTATION: Final = Path(__file__).parents[1] / "documentation"
_DOCUMENTATION_FILES: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "docs.js": "text/javascript",
    "docs.css": "text/css",
}
_DOCUMENTATION_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SWAGGER_SECONDS: Final = 3_600


def router() -> APIRouter:
    """The pages."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def playground() -> StoredFile:
        return _file("index.html", "text/html")

    for name, media_type in _FILES.items():
        routes.add_api_route(f"/{name}", _handler(name, media_type))

    @routes.get("/docs")
    async def docs() -> StoredFile:
        headers = {"Content-Security-Policy": _DOCUMENTATION_POLICY, "Cache-Control": "no-cache"}
        return StoredFile(_DOCUMENTATION / "docs.html", media_type="text/html", headers=headers)

    for name, media_type in _DOCUMENTATION_FILES.items():
        folder = _SWAGGER if name.startswith("swagger") else _DOCUMENTATION
        routes.add_api_route(f"/docs/{name}", _documentation_file((folder / name).read_bytes(), media_type))

    return routes


def _handler(name: str, media_type: str) -> Callable[[], Awaitable[StoredFile]]:
    async def handle() -> StoredFile:
        return _file(name, media_type)

    return handle


def _documentation_file(content: bytes, media_type: str) -> Callable[[], Awaitable[Response]]:
    async def handle() -> Response:
        headers = {"Cache-Control": f"public, max-age={_SWAGGER_SECONDS}"}
        return Response(content, media_type=media_type, headers=headers)

    return handle


def _file(name: str, media_type: str) -> StoredFile:
    headers = {"Content-Security-Policy": _PLAYGROUND_POLICY, "Cache-Control": "no-cache"}
    return StoredFile(_PLAYGROUND / name, media_type=media_type, headers=headers)
