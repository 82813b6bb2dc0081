"""Admission as the HTTP endpoints ask for it."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import Request
from starlette.requests import HTTPConnection

from gateway.api.auth import Caller, Scope
from gateway.api.auth.admission import Admission, check_quota
from gateway.api.limits import Cost, headers

SECURITY_SCHEMES: Final[dict[str, dict[str, str]]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, or a JWT of the issuer."},
    "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key."},
    "ticket": {
        "type": "apiKey",
        "in": "query",
        "name": "ticket",
        "description": "From `events_url`; good for one use within a minute.",
    },
}
SECURED: Final[dict[str, Any]] = {"security": [{"bearer": []}, {"api_key": []}]}
"""For the OpenAPI document, of an operation that `admits` guards; FastAPI's own classes would take 10 % of the time of
a status request."""


def client_address(connection: HTTPConnection) -> str:
    """Where a request comes from, as trusted proxies say."""
    return connection.client.host if connection.client else ""


def admits(admission: Admission, scope: Scope, cost: Cost) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency that lets in who has a scope, and counts the request; it raises before the body is read."""

    async def admit(request: Request) -> Caller:
        caller = await admission.caller(request.headers, scope, address=client_address(request))
        rate_limit = await admission.spend(caller, cost)
        setattr(request.state, headers.STATE, rate_limit)
        check_quota(rate_limit)
        return caller

    return admit
