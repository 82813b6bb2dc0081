"""Pages for people: the playground, and the API's documentation."""

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from importlib import resources
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, Response

from gateway.api.http.stored_file import StoredFile

_PLAYGROUND: Final = Path(__file__).parents[1] / "playground"
_FILES: Final = {"playground.css": "text/css", "playground.js": "text/javascript", "icon.svg": "image/svg+xml"}
_PLAYGROUND_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SWAGGER: Final = resources.files("fastapi_offline") / "static"
"""Swagger UI, as that package ships it: a page about a service must not depend on anybody else's server."""
_SWAGGER_FILES: Final = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
_SWAGGER_SECONDS: Final = 86_400


def router(title: str) -> APIRouter:
    """The pages."""
    routes = APIRouter(include_in_schema=False)
    documentation = get_swagger_ui_html(
        openapi_url="./openapi.json",  # relative, as all addresses on our pages: they may lie below a path
        title=title,
        swagger_js_url="./docs/swagger-ui-bundle.js",
        swagger_css_url="./docs/swagger-ui.css",
        swagger_favicon_url="./icon.svg",
    )
    page = bytes(documentation.body).decode()
    documentation_policy = (
        f"default-src 'none'; script-src 'self' {_hashes(page)}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )

    @routes.get("/")
    async def playground() -> StoredFile:
        return _file("index.html", "text/html")

    for name, media_type in _FILES.items():
        routes.add_api_route(f"/{name}", _handler(name, media_type))

    @routes.get("/docs")
    async def docs() -> HTMLResponse:
        return HTMLResponse(page, headers={"Content-Security-Policy": documentation_policy})

    for name, media_type in _SWAGGER_FILES.items():
        routes.add_api_route(f"/docs/{name}", _swagger(name, media_type))

    return routes


def _handler(name: str, media_type: str) -> Callable[[], Awaitable[StoredFile]]:
    async def handle() -> StoredFile:
        return _file(name, media_type)

    return handle


def _swagger(name: str, media_type: str) -> Callable[[], Awaitable[Response]]:
    content = (_SWAGGER / name).read_bytes()

    async def handle() -> Response:
        headers = {"Cache-Control": f"public, max-age={_SWAGGER_SECONDS}"}
        return Response(content, media_type=media_type, headers=headers)

    return handle


def _file(name: str, media_type: str) -> StoredFile:
    headers = {"Content-Security-Policy": _PLAYGROUND_POLICY, "Cache-Control": "no-cache"}
    return StoredFile(_PLAYGROUND / name, media_type=media_type, headers=headers)


def _hashes(page: str) -> str:
    """The page's inline scripts as sources of a Content-Security-Policy."""
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in scripts)
