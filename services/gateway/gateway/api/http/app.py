"""The HTTP application, made of parts that are ready to be used."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse

from gateway.api.auth.admission import Admission
from gateway.api.http import problem, query_parameters
from gateway.api.http.authorization import SECURITY_SCHEMES
from gateway.api.http.event_messages import EventMessage, EventMessages
from gateway.api.http.form_receiver import FormReceiver
from gateway.api.http.middleware.head import HeadAsGet
from gateway.api.http.middleware.lingering import LingeringClose
from gateway.api.http.middleware.open_access import OpenAccessGuard
from gateway.api.http.middleware.scope import HEADER as REQUEST_ID
from gateway.api.http.middleware.scope import RequestScope
from gateway.api.http.middleware.security import SecurityHeaders
from gateway.api.http.routes import analyze, files, health, pages, stream, styles, transform, webhooks
from gateway.api.http.stream_access import StreamAccess
from gateway.api.limits.headers import LIMIT_HEADER, POLICY_HEADER, RateLimitHeaders
from gateway.api.limits.streams import StreamLimiter
from gateway.api.links import UrlSigner
from gateway.api.photo_analysis import PhotoAnalyzer
from gateway.api.public_address import PublicAddress
from gateway.api.queue_metrics import QueueGauges
from gateway.api.style_catalogue import StyleCatalogue
from gateway.api.transformations import Transformations
from gateway.api.uploads.preferences import PreferencesBody
from gateway.api.webhook_policy import WebhookPolicy
from gateway.clients.readiness import Readiness
from servicekit.errors import InvalidArgument, ServiceError
from servicekit.jobstore import Event
from servicekit.jobstore.fanout import EventFanout
from servicekit.storage.local import LocalStore

TITLE: Final = "Modomo"
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

**Errors.** Every error is `application/problem+json` with a stable `code`.
"""
_REFERENCES: Final = "#/components/schemas/{model}"


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the application is made of."""

    transformations: Transformations
    analyzer: PhotoAnalyzer
    events: EventFanout[Event]
    catalogue: StyleCatalogue
    url_signer: UrlSigner
    gauges: QueueGauges
    readiness: Readiness
    receiver: FormReceiver
    streams: StreamLimiter
    admission: Admission
    webhooks: WebhookPolicy
    address: PublicAddress
    cors_origins: Sequence[str]
    """Whose pages may call, and open WebSockets."""
    any_host: bool
    """Whether a gateway that asks for no key answers to names of other machines, too."""
    public_metrics: bool
    """Whether metrics are shown to everybody."""

    local_store: LocalStore | None
    """The store whose pictures the gateway itself serves; None where another server does."""


def create_app(parts: Parts) -> FastAPI:
    """Every endpoint, with errors and middleware."""
    app = FastAPI(
        title=TITLE,
        version=version("modomo-gateway"),
        description=_DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        middleware=_middleware(parts),
        exception_handlers={
            ServiceError: _service_error,
            RequestValidationError: _validation_error,
            HTTPException: _http_error,
        },
    )
    for routes in _routers(parts):
        app.include_router(routes, dependencies=[Depends(query_parameters.only_known)])
    app.include_router(pages.router(TITLE))  # people come to these by links with parameters of others
    _document(app, parts.address)
    return app


def _routers(parts: Parts) -> list[APIRouter]:
    messages = EventMessages(parts.events, parts.transformations, parts.url_signer)
    stream_access = StreamAccess(parts.admission, parts.transformations, parts.streams)
    routers = [
        transform.router(parts.transformations, parts.receiver, parts.admission, stream_access, parts.address),
        stream.router(messages, parts.transformations, stream_access, parts.address, parts.cors_origins),
        analyze.router(parts.analyzer, parts.receiver, parts.admission),
        webhooks.router(parts.webhooks, parts.admission),
        styles.router(parts.catalogue),
        health.router(parts.readiness, parts.gauges, parts.admission, public_metrics=parts.public_metrics),
    ]
    if parts.local_store is not None:
        routers.append(files.router(parts.local_store))
    return routers


def _middleware(parts: Parts) -> list[Middleware]:
    """From the outside in."""
    stack = [
        Middleware(LingeringClose),
        Middleware(SecurityHeaders),
        Middleware(RequestScope),
        Middleware(RateLimitHeaders),
    ]
    if parts.cors_origins:
        cors = Middleware(
            CORSMiddleware,
            allow_origins=list(parts.cors_origins),
            allow_methods=["GET", "HEAD", "POST", "DELETE"],
            allow_headers=["*"],  # those of tracing libraries are without number; cookies are not allowed
            expose_headers=[REQUEST_ID, "Retry-After", POLICY_HEADER, LIMIT_HEADER],
        )
        stack.append(cors)
    if parts.admission.open:
        origins = parts.cors_origins
        stack.append(Middleware(OpenAccessGuard, address=parts.address, origins=origins, any_host=parts.any_host))
    return [*stack, Middleware(HeadAsGet)]


async def _service_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)  # noqa: S101 - it is registered for these
    return problem.error_response(error)


async def _validation_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - it is registered for these
    first = error.errors()[0]
    field = str(first["loc"][-1])[:64]
    return problem.error_response(InvalidArgument("FIELD_INVALID", f"{field}: {first['msg']}.", field=field))


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these
    return problem.response(problem.of_status(error.status_code), headers=error.headers)


def _document(app: FastAPI, address: PublicAddress) -> None:
    """Serves the document, with the models that no handler returns, without FastAPI's own error, which nobody gets."""
    original = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = original()
            models = [(model, "serialization") for model in (problem.Problem, EventMessage)]
            _, extra = models_json_schema(
                [*models, (PreferencesBody, "validation")],  # type: ignore[list-item]  # a list of two kinds of literals
                ref_template=_REFERENCES,
            )
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(extra["$defs"])
            schemas["Preferences"] = schemas.pop("PreferencesBody")
            document["components"]["securitySchemes"] = SECURITY_SCHEMES
            _without_framework_errors(document)
        return app.openapi_schema or document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI documents this way of extending it

    @app.get("/openapi.json", include_in_schema=False)
    async def show(request: Request) -> JSONResponse:
        return JSONResponse({**openapi(), "servers": [{"url": address.base(request)}]})


def _without_framework_errors(document: dict[str, Any]) -> None:
    for path in document["paths"].values():
        for operation in path.values():
            responses = operation.get("responses", {})
            if "application/json" in responses.get("422", {}).get("content", {}):
                del responses["422"]
            responses.update(problem.documented(422))  # a query parameter that is not known
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
