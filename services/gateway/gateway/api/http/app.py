"""The HTTP application, made of parts that are ready to be used."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from typing import Final

import grpc
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from gateway.api.auth.admission import Admission
from gateway.api.field_problems import InvalidFields
from gateway.api.http import missing_page, openapi, problem, query_parameters
from gateway.api.http.event_messages import EventMessages
from gateway.api.http.form_receiver import FormReceiver
from gateway.api.http.job_waiting import JobWaiter
from gateway.api.http.middleware.head import HeadAsGet
from gateway.api.http.middleware.lingering import LingeringClose
from gateway.api.http.middleware.open_access import OpenAccessGuard
from gateway.api.http.middleware.scope import HEADER as REQUEST_ID
from gateway.api.http.middleware.scope import RequestScope
from gateway.api.http.middleware.security import SecurityHeaders
from gateway.api.http.middleware.version_prefix import VersionPrefix
from gateway.api.http.page_settings import PageSettings
from gateway.api.http.routes import (
    analyze,
    errors,
    files,
    health,
    materials,
    pages,
    stream,
    styles,
    transform,
    webhooks,
)
from gateway.api.http.stream_access import StreamAccess
from gateway.api.limits.headers import LIMIT_HEADER, POLICY_HEADER, RateLimitHeaders
from gateway.api.limits.streams import StreamLimiter
from gateway.api.links import UrlSigner
from gateway.api.photo_analysis import PhotoAnalyzer
from gateway.api.public_address import PublicAddress
from gateway.api.queue_metrics import QueueGauges
from gateway.api.style_catalogue import StyleCatalogue
from gateway.api.transformations import Transformations
from gateway.api.webhook_policy import WebhookPolicy
from gateway.clients.readiness import Readiness
from servicekit.errors import InvalidArgument, ServiceError
from servicekit.jobstore import Event
from servicekit.jobstore.fanout import EventFanout
from servicekit.storage.local import LocalStore

TITLE: Final = "Modomo"


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

    page: PageSettings
    local_store: LocalStore | None
    """The store whose pictures the gateway itself serves; None where another server does."""


def create_app(parts: Parts) -> FastAPI:
    """Every endpoint, with errors and middleware."""
    app = FastAPI(
        title=TITLE,
        version=version("modomo-gateway"),
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
    for routes in (pages.router(parts.url_signer, parts.page), errors.router()):
        app.include_router(routes)  # people come to these by links with parameters of others
    openapi.describe(app, parts.address)
    return app


def _routers(parts: Parts) -> list[APIRouter]:
    messages = EventMessages(parts.events, parts.transformations, parts.url_signer)
    stream_access = StreamAccess(parts.admission, parts.transformations, parts.streams)
    waiter = JobWaiter(parts.events, parts.streams)
    routers = [
        transform.router(
            parts.transformations,
            receiver=parts.receiver,
            admission=parts.admission,
            followers=stream_access,
            waiter=waiter,
            address=parts.address,
        ),
        stream.router(messages, parts.transformations, stream_access, parts.address, parts.cors_origins),
        analyze.router(parts.analyzer, parts.receiver, parts.admission),
        webhooks.router(parts.webhooks, parts.admission),
        styles.router(parts.catalogue, parts.address),
        materials.router(parts.catalogue, parts.address),
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
        Middleware(VersionPrefix),
        Middleware(RequestScope, address=parts.address),
        Middleware(RateLimitHeaders),
    ]
    if parts.cors_origins:
        cors = Middleware(
            CORSMiddleware,
            allow_origins=list(parts.cors_origins),
            allow_methods=["GET", "HEAD", "POST", "DELETE"],
            allow_headers=["*"],  # those of tracing libraries are without number; cookies are not allowed
            expose_headers=[REQUEST_ID, "Retry-After", "Location", "Idempotent-Replayed", POLICY_HEADER, LIMIT_HEADER],
        )
        stack.append(cors)
    if parts.admission.open:
        origins = parts.cors_origins
        stack.append(Middleware(OpenAccessGuard, address=parts.address, origins=origins, any_host=parts.any_host))
    return [*stack, Middleware(HeadAsGet)]


async def _service_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)  # noqa: S101 - it is registered for these
    if error.code is grpc.StatusCode.NOT_FOUND and missing_page.wanted(request):
        return missing_page.answer(request)
    return problem.error_response(error)


async def _validation_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - it is registered for these
    named = [(str(one["loc"][-1])[:64], one["msg"]) for one in error.errors()]
    found = [InvalidArgument("FIELD_INVALID", f"{field}: {message}.", field=field) for field, message in named]
    return problem.error_response(InvalidFields(found))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these
    if error.status_code == HTTPStatus.NOT_FOUND and missing_page.wanted(request):
        return missing_page.answer(request)
    return problem.response(problem.of_status(error.status_code), headers=error.headers)
