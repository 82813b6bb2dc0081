"""Errors as `application/problem+json` (RFC 9457), one shape for all of them.

    {"success": false, "type": "https://host/errors/QUEUE_FULL", "title": "Queue full", "status": 503,
     "detail": "Too many transformations are waiting. Try again soon.", "code": "QUEUE_FULL", "retryable": true}

`field` is there where one field of the request is to blame, and `errors` with it: all fields that are. Nothing but
public sentences ever gets here: unknown exceptions become INTERNAL.
"""

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

import grpc
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.api.field_problems import of_each_field
from gateway.api.http import error_catalogue
from gateway.api.public_address import PublicAddress
from servicekit.errors import ServiceError, internal

PAGES: Final = "/errors/"
"""Below which each code has a page."""
ADDRESS_STATE: Final = "public_address"
"""Where a connection's state has the PublicAddress that the pages lie at."""
MEDIA_TYPE: Final = "application/problem+json"
CHALLENGE: Final = 'Bearer realm="modomo"'

_BY_CODE: Final = {
    grpc.StatusCode.INVALID_ARGUMENT: 422,
    grpc.StatusCode.OUT_OF_RANGE: 422,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 503,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 503,
}
_BY_REASON: Final = {
    "MALFORMED_BODY": 400,
    "MALFORMED_JSON": 400,
    "UPLOAD_TIMEOUT": 408,
    "UPLOAD_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "IMAGE_UNSUPPORTED": 415,
    "RANGE_NOT_SATISFIABLE": 416,
    "HOST_REFUSED": 421,
    "RATE_LIMITED": 429,
    "TOO_MANY_STREAMS": 429,
}
"""Where HTTP has a more telling status than the gRPC code."""


CODE_MARK: Final = "x-error-code"
Code = Annotated[str, WithJsonSchema({"type": "string", CODE_MARK: True})]
"""A code of the catalogue: a reference to `ErrorCode` in the document, and text to ourselves, so that one that is
missing there is told all the same."""


class FieldProblem(BaseModel):
    """A field that is to blame."""

    field: str = Field(description="`preferences.strength`, or a header.")
    code: Code
    detail: str = Field(description="What is wrong with it, for people.")


class Problem(BaseModel):
    """An error."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "success": False,
                    "type": "https://api.example.com/errors/FIELD_INVALID",
                    "title": "Field invalid",
                    "status": 422,
                    "detail": "preferences.strength: Input should be less than or equal to 1.",
                    "code": "FIELD_INVALID",
                    "retryable": False,
                    "field": "preferences.strength",
                    "errors": [
                        {
                            "field": "preferences.strength",
                            "code": "FIELD_INVALID",
                            "detail": "preferences.strength: Input should be less than or equal to 1.",
                        }
                    ],
                }
            ]
        }
    )

    success: bool = Field(default=False, description="Always false.")
    type: str = Field(description="Address of a page about the code.", json_schema_extra={"format": "uri-reference"})
    title: str = Field(description="The kind of problem, for people.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What went wrong this time, for people.")
    code: Code = Field(description="Stable, UPPER_SNAKE_CASE: programs branch on it.")
    retryable: bool = Field(description="Whether the same request may succeed later.")
    field: str | None = Field(default=None, description="The field or header that is to blame, where one is.")
    errors: list[FieldProblem] | None = Field(
        default=None, description="All fields that are to blame, the one that `field` names first."
    )


def of_error(error: ServiceError) -> Problem:
    """A problem for an error of ours."""
    status = _BY_REASON.get(error.reason) or _BY_CODE.get(error.code, 500)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        error = internal()
    problem = _problem(status, error.reason, error.message, retryable=error.retryable)
    problem.field = error.metadata.get("field")
    fields = [
        FieldProblem(field=one.metadata["field"], code=one.reason, detail=one.message) for one in of_each_field(error)
    ]
    problem.errors = fields or None
    return problem


def of_status(status: int) -> Problem:
    """A problem for a status that the framework answers with by itself, 404 for an unknown path."""
    phrase = HTTPStatus(status).phrase
    code = phrase.upper().replace(" ", "_").replace("-", "_")
    return _problem(status, code, f"{phrase}.", retryable=status >= 500)


class ProblemResponse(Response):
    """A problem as an HTTP answer; `type` becomes a whole address where the gateway's own is known."""

    def __init__(self, problem: Problem, headers: Mapping[str, str]) -> None:
        self._problem = problem
        super().__init__(_body(problem), status_code=problem.status, media_type=MEDIA_TYPE, headers=dict(headers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        address = scope.get("state", {}).get(ADDRESS_STATE)
        if isinstance(address, PublicAddress):
            base = address.base(HTTPConnection(scope))
            self.body = _body(self._problem.model_copy(update={"type": base + self._problem.type}))
            self.headers["content-length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


def response(problem: Problem, *, headers: Mapping[str, str] | None = None) -> Response:
    """As an HTTP answer."""
    return ProblemResponse(problem, headers or {})


def error_response(error: ServiceError) -> Response:
    """An error as an HTTP answer, with `Retry-After` where waiting helps and a challenge where a key is missing."""
    problem = of_error(error)
    headers = {}
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = CHALLENGE
    if problem.status in RETRIED:
        headers["Retry-After"] = str(max(1, math.ceil(float(error.metadata.get("retry_after_seconds", "1")))))
    return response(problem, headers=headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an endpoint's OpenAPI says about its errors."""
    return {
        status: {
            "description": _MEANINGS[status],
            "content": {MEDIA_TYPE: {"schema": _REFERENCE}},
            "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in _headers(status)},
        }
        for status in statuses
    }


def _headers(status: int) -> list[str]:
    names = ["X-Request-ID"]
    if status == HTTPStatus.UNAUTHORIZED:
        names.append("WWW-Authenticate")
    if status in RETRIED:
        names.append("Retry-After")
    return names


RETRIED: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
"""Statuses with a `Retry-After`."""
_REFERENCE: Final = {"$ref": "#/components/schemas/Problem"}
_MEANINGS: Final = {
    400: "The request is malformed.",
    401: "An API key or a token is missing, or not good any more.",
    403: "The key or token does not have the scope.",
    404: "There is no such thing (or it is not yours), or no longer.",
    408: "The body took too long to arrive.",
    409: "In conflict with the state of things, or with an earlier request.",
    413: "Too large.",
    415: "Not multipart/form-data, or not a picture of a known format.",
    416: "No byte of the file is in the range that is asked for; `Content-Range` says how many it has.",
    422: "Fields are out of range; `errors` names them.",
    429: "Too many requests; `Retry-After` says when to try again.",
    500: "Something went wrong on our side.",
    503: "The queue is full or a part of the service is down; `Retry-After` says when to try again.",
}


def _problem(status: int, code: str, detail: str, *, retryable: bool) -> Problem:
    return Problem(
        type=PAGES + code,
        title=error_catalogue.title(code),
        status=status,
        detail=detail,
        code=code,
        retryable=retryable,
    )


def _body(problem: Problem) -> bytes:
    return problem.model_dump_json(exclude_none=True).encode()
