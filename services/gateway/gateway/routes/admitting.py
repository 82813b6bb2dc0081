"""Admission as the HTTP endpoints ask for it."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from gateway.admission import Admission, require
from gateway.identity import Caller, Scope
from gateway.limits import Cost, headers

_BEARER: Final = HTTPBearer(auto_error=False, scheme_name="bearer", description="An API key, or a JWT of the issuer.")
_API_KEY: Final = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="api_key", description="An API key.")


def admits(admission: Admission, scope: Scope, cost: Cost) -> Callable[..., Awaitable[Caller]]:
    """A dependency that lets in who has a scope, and counts the request; it raises before the body is read."""

    async def admit(
        request: Request,
        _bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],  # for the document
        _api_key: Annotated[str | None, Security(_API_KEY)],  # for the document
    ) -> Caller:
        caller = await admission.caller(request.headers, scope)
        standing = await admission.spend(caller, cost)
        setattr(request.state, headers.STATE, standing)
        require(standing)
        return caller

    return admit
