"""Submitting a photo, asking for its job, cancelling it."""

import math
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request

from gateway import problem
from gateway.address import PublicAddress, websocket
from gateway.jobs.request import Preferences
from gateway.jobs.transformations import MAX_KEY_LENGTH, Submission, Transformations
from gateway.routes import answers
from gateway.routes.receive import STYLE, FormReceiver
from gateway.uploads import preferences
from gateway.uploads.header import FIELD as PHOTO

_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [PHOTO, STYLE],
                    "additionalProperties": False,
                    "properties": {
                        PHOTO: {
                            "type": "string",
                            "format": "binary",
                            "description": "JPEG, PNG, WebP or HEIC; at most 15 MB and 50 megapixels, "
                            "at least 256 px on the short side.",
                        },
                        STYLE: {
                            "type": "string",
                            "description": "Name of a style, see /styles.",
                            "examples": ["modern", "scandinavian", "boho", "industrial", "minimalist"],
                        },
                        preferences.FIELD: {"$ref": "#/components/schemas/Preferences"},
                    },
                },
                "encoding": {preferences.FIELD: {"contentType": "application/json"}},
            }
        },
    }
}

_LINKS: Final = {
    operation: {"operationId": operation, "parameters": {"job_id": "$response.body#/job_id"}}
    for operation in ("status", "events", "cancel")
}


def router(transformations: Transformations, receiver: FormReceiver, address: PublicAddress) -> APIRouter:
    """The endpoints."""
    routes = APIRouter(prefix="/transform", tags=["transform"])

    @routes.post(
        "/submit",
        status_code=202,
        summary="Submit a photo",
        openapi_extra=_FORM,
        responses={202: {"links": _LINKS}, **problem.documented(400, 408, 409, 413, 415, 422, 429, 503)},
    )
    async def submit(
        request: Request,
        idempotency_key: Annotated[
            str,
            Header(description=f"The same key and request return the same job; at most {MAX_KEY_LENGTH} characters."),
        ] = "",
    ) -> answers.Submitted:
        """Accepts a photo and returns at once. A job that was accepted is never lost."""
        async with receiver.submission(request) as form:
            text = form.get(preferences.FIELD)
            submission = Submission(
                photo=form[PHOTO],
                style=form[STYLE].decode(errors="replace"),
                preferences=Preferences() if text is None else preferences.parse(text),
                idempotency_key=idempotency_key,
            )
            accepted = await transformations.submit(submission)
        base = address.base(request)
        return answers.Submitted(
            job_id=accepted.job_id,
            estimated_time=math.ceil(accepted.estimated_seconds),
            websocket_url=websocket(base, f"/ws/transform/{accepted.job_id}"),
            status_url=f"{base}/transform/status/{accepted.job_id}",
        )

    @routes.get("/status/{job_id}", summary="Where a job is", responses=problem.documented(404, 503))
    async def status(job_id: str, request: Request) -> answers.JobStatusAnswer:
        """The job's status, and its result once it has completed."""
        return answers.status(await transformations.get(job_id), address.base(request))

    @routes.delete("/{job_id}", summary="Cancel a job", responses=problem.documented(404, 409, 503))
    async def cancel(job_id: str) -> answers.Cancelled:
        """Ends a queued or running job. A second request for a cancelled job says the same."""
        await transformations.cancel(job_id)
        return answers.Cancelled()

    return routes
