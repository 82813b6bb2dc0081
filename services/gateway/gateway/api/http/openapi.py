"""The OpenAPI document: what FastAPI knows of the routes, and what only we know, so that generators can take it."""

from typing import Any, Final

from fastapi import FastAPI, Request
from pydantic.json_schema import models_json_schema
from starlette.responses import JSONResponse

from gateway.api.http import error_catalogue, examples, problem
from gateway.api.http.authorization import SECURITY_SCHEMES
from gateway.api.http.event_messages import EventMessage, ServerSentEvent
from gateway.api.http.middleware.scope import HEADER as REQUEST_ID
from gateway.api.http.webhook_messages import WEBHOOKS, WebhookMessage
from gateway.api.limits.headers import LIMIT_HEADER, POLICY_HEADER
from gateway.api.public_address import PublicAddress
from gateway.api.uploads.preferences import PreferencesBody

_DESCRIPTION: Final = """\
Restyles photos of rooms. Submit a photo, follow its job over WebSocket or Server-Sent Events, fetch the result.

**Keys.** Send an API key or a token as `Authorization: Bearer …`, or a key as `X-API-Key`. Jobs belong to the key's
owner; to others they do not exist (404).

**Events.** Open the `websocket_url` of the answer, or of any status: it holds a ticket that is good for one use within
a minute. To go on after a broken connection, ask for the status and append `?after=SEQ` to the fresh address. A client
that can send headers may use its key and `/ws/transform/{job_id}` instead. Close codes: 1000 at the end, 4400 malformed
`after` or another parameter, 4401 no good key or ticket, 4403 missing scope, 4404 unknown job, 1013 try again.

**Limits.** A submission costs 20 units, an analysis 10, everything else 1; `RateLimit-Policy` says how many units a
minute there are, `RateLimit` what remains.

**Requests.** HEAD is answered wherever GET is. A query parameter that an operation does not know is refused by name.
Every path is there below `/v1` as well; the addresses in its answers then begin with it, too.

**Errors.** Every error is `application/problem+json` with a stable `code`; `type` is the address of a page about it.
"""
_REFERENCES: Final = "#/components/schemas/{model}"
_TAGS: Final = {
    "transform": "Restyling photos: submit, ask, cancel.",
    "events": "A job's events, as they happen.",
    "analyze": "What a photo shows, without a job.",
    "webhooks": "Being told by a request to a server of one's own.",
    "files": "Pictures, by signed links.",
    "health": "How the service is.",
}
_HEADERS: Final = {
    REQUEST_ID: ("The request's id, the sent one or a new one: name it when something went wrong.", "string"),
    "Retry-After": ("Seconds after which the same request may be sent again.", "integer"),
    "WWW-Authenticate": ("How to say who calls (RFC 9110, 11.6.1).", "string"),
    POLICY_HEADER: ('The units that there are, a structured field: `"units";q=1200;w=60`.', "string"),
    LIMIT_HEADER: ('What remains of them, and the seconds until all are back: `"units";r=1180;t=1`.', "string"),
    "Location": ("Address of the job's status.", "string"),
    "Idempotent-Replayed": ("`true` where the same request had made this job before; absent where not.", "string"),
}
_EXAMPLES: Final = {"JobStatusAnswer": examples.STATUS, "WebhookMessage": examples.WEBHOOK}
"""FastAPI leaves out what is null."""
_COUNTED: Final = (POLICY_HEADER, LIMIT_HEADER)
_SUCCESSES: Final = range(200, 400)


def describe(app: FastAPI, address: PublicAddress) -> None:
    """Makes the document, and serves it."""
    app.description = _DESCRIPTION
    app.license_info = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    app.contact = {"name": "The maintainers of Modomo"}
    app.openapi_tags = [{"name": name, "description": text} for name, text in _TAGS.items()]
    app.servers = [{"url": "/", "description": "The gateway that shows this document."}]
    original = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(original())
        return app.openapi_schema or original()

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI documents this way of extending it

    @app.get("/openapi.json", include_in_schema=False)
    async def show(request: Request) -> JSONResponse:
        return JSONResponse({**openapi(), "servers": [{"url": address.base(request)}]})


def _complete(document: dict[str, Any]) -> None:
    """Adds models that no handler returns, headers, webhooks; takes FastAPI's own error away, which nobody gets."""
    components = document.setdefault("components", {})
    components["securitySchemes"] = SECURITY_SCHEMES
    components["headers"] = {
        name: {"description": text, "schema": {"type": kind}} for name, (text, kind) in _HEADERS.items()
    }
    _add_models(components.setdefault("schemas", {}))
    for name, example in _EXAMPLES.items():
        components["schemas"][name]["examples"] = [example]
    _refer_to_codes(components["schemas"])
    for path in document["paths"].values():
        for operation in path.values():
            _complete_operation(operation)
    document["webhooks"] = WEBHOOKS


def _add_models(schemas: dict[str, Any]) -> None:
    models = [(model, "serialization") for model in (problem.Problem, EventMessage, ServerSentEvent, WebhookMessage)]
    _, extra = models_json_schema(
        [*models, (PreferencesBody, "validation")],  # type: ignore[list-item]  # a list of two kinds of literals
        ref_template=_REFERENCES,
    )
    schemas.update(extra["$defs"])
    schemas["Preferences"] = schemas.pop("PreferencesBody")
    schemas["ErrorCode"] = {
        "type": "string",
        "title": "ErrorCode",
        "description": "Codes of errors and of failed jobs; `/errors/CODE` says more. New ones may be added.",
        "enum": sorted(error_catalogue.CATALOGUE),
        "x-error-kinds": {code: entry.kind for code, entry in sorted(error_catalogue.CATALOGUE.items())},
    }
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)


def _refer_to_codes(schema: Any) -> None:  # noqa: ANN401 - any part of the document
    """Puts a reference in place of each schema that is marked as a code."""
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for part in parts:
        _refer_to_codes(part)
    if isinstance(schema, dict) and schema.pop(problem.CODE_MARK, None):
        del schema["type"]
        schema["$ref"] = _REFERENCES.format(model="ErrorCode")


def _complete_operation(operation: dict[str, Any]) -> None:
    responses = {str(status): response for status, response in operation["responses"].items()}
    responses["422"] = problem.documented(422)[422]  # a query parameter that is not known
    operation["responses"] = dict(sorted(responses.items()))
    secured = operation.setdefault("security", [])
    for status, response in responses.items():
        names = [REQUEST_ID, *(_COUNTED if secured else ())]
        if int(status) in _SUCCESSES:
            headers = response.setdefault("headers", {})
            headers.update({name: {"$ref": f"#/components/headers/{name}"} for name in names if name not in headers})
