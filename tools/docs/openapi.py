"""The HTTP API: the gateway's OpenAPI document, and a page that shows it without anybody else's server."""

import json
from dataclasses import fields
from importlib import resources
from typing import Any, Final
from unittest.mock import Mock

from gateway.api.http.app import Parts, create_app
from gateway.api.settings import ApiSettings

PAGE: Final = "reference/http.md"
_PAGE: Final = """\
# HTTP API

[openapi.json](openapi.json) holds all of this for code generators.

<link rel="stylesheet" href="swagger-ui.css">
<div id="swagger-ui"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="openapi.js"></script>
"""
_SWAGGER: Final = resources.files("fastapi_offline") / "static"


def document() -> dict[str, Any]:
    """What the gateway answers at `/openapi.json`, without its address. Routes only remember their parts, so stand-ins
    are enough.
    """
    parts: dict[str, Any] = {field.name: Mock() for field in fields(Parts)}
    shown = {"cors_origins": (), "public_metrics": False, "receiver": Mock(max_file_bytes=ApiSettings().max_file_bytes)}
    return create_app(Parts(**parts | shown)).openapi()


def copy() -> str:
    """The document as `clients/openapi.json` has it, which clients are made from."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def files() -> dict[str, str]:
    """Path and text of the page and of everything that it loads."""
    text = json.dumps(document(), ensure_ascii=False)
    options = f'{{dom_id: "#swagger-ui", supportedSubmitMethods: [], spec: {text}}}'
    return {
        PAGE: _PAGE,
        "reference/openapi.json": text,
        "reference/openapi.js": f"SwaggerUIBundle({options});",
        **{f"reference/{name}": (_SWAGGER / name).read_text() for name in ("swagger-ui.css", "swagger-ui-bundle.js")},
    }
