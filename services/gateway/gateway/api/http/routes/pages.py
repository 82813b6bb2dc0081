"""Pages for people: the one that restyles a room, and the API's documentation."""

from collections.abc import Awaitable, Callable
from importlib import resources
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from gateway.api.http.page_files import FOLDER, PREFIX, PageFile, page_files
from gateway.api.http.page_settings import PageSettings
from gateway.api.http.stored_file import StoredFile
from gateway.api.links import UrlSigner
from servicekit.errors import ServiceError
from servicekit.observability import logs

log = logs.get(__name__)

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'{store}; "
    "img-src 'self' blob:{store}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PICTURE_SECONDS: Final = 30 * 24 * 3600
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


def router(signer: UrlSigner, settings: PageSettings) -> APIRouter:
    """The pages. Browsers may get pictures from where the signer's links lead, and from nowhere else."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def page() -> StoredFile:
        headers = {"Content-Security-Policy": await _policy(signer), "Cache-Control": "no-cache"}
        return StoredFile(FOLDER / "index.html", media_type="text/html", headers=headers)

    for file in page_files():
        routes.add_api_route(file.address, _page_file(file))

    @routes.get(f"{PREFIX}settings.json")
    async def page_settings() -> JSONResponse:
        return JSONResponse(settings.shown(), headers={"Cache-Control": "no-cache"})

    @routes.get("/docs")
    async def docs() -> StoredFile:
        headers = {"Content-Security-Policy": _DOCUMENTATION_POLICY, "Cache-Control": "no-cache"}
        return StoredFile(_DOCUMENTATION / "docs.html", media_type="text/html", headers=headers)

    for name, media_type in _DOCUMENTATION_FILES.items():
        folder = _SWAGGER if name.startswith("swagger") else _DOCUMENTATION
        routes.add_api_route(f"/docs/{name}", _documentation_file((folder / name).read_bytes(), media_type))

    return routes


async def _policy(signer: UrlSigner) -> str:
    """For the page; without the store's address where links cannot be signed at the moment."""
    try:
        origin = await signer.origin()
    except ServiceError as error:
        log.warning("the page cannot show pictures of the store", problem=str(error))
        origin = ""
    return _POLICY.format(store=f" {origin}" if origin else "")


def _page_file(file: PageFile) -> Callable[[], Awaitable[StoredFile]]:
    cache = f"public, max-age={_PICTURE_SECONDS}" if file.lasts else "no-cache"

    async def handle() -> StoredFile:
        return StoredFile(file.path, media_type=file.media_type, headers={"Cache-Control": cache})

    return handle


def _documentation_file(content: bytes, media_type: str) -> Callable[[], Awaitable[Response]]:
    async def handle() -> Response:
        headers = {"Cache-Control": f"public, max-age={_SWAGGER_SECONDS}"}
        return Response(content, media_type=media_type, headers=headers)

    return handle
