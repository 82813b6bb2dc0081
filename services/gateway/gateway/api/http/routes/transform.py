"""Submitting a photo, asking for its job, cancelling it."""

import math
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request

from gateway.api import webhook_policy
from gateway.api.auth import Caller, Scope
from gateway.api.auth.admission import Admission
from gateway.api.http import problem, responses
from gateway.api.http.authorization import SECURED, admits
from gateway.api.http.form_receiver import PRIORITY, STYLE, FormReceiver, priority
from gateway.api.http.stream_access import StreamAccess
from gateway.api.limits import Cost
from gateway.api.public_address import PublicAddress
from gateway.api.transformations import MAX_KEY_LENGTH, Submission, Transformations
from gateway.api.uploads import preferences
from gateway.api.uploads.form import size_text
from gateway.api.uploads.header import FIELD as PHOTO
from gateway.api.uploads.header import MAX_PIXELS, MIN_SIDE
from gateway.api.uploads.style_image import FIELD as STYLE_IMAGE
from gateway.jobs.request import Preferences
from servicekit.jobstore import Priority
from servicekit.webhooks.ssrf import MAX_URL_LENGTH

_LINKS: Final = {
    operation: {"operationId": operation, "parameters": {"job_id": "$response.body#/job_id"}}
    for operation in ("status", "events", "cancel")
}


def _form(max_file_bytes: int) -> dict[str, Any]:
    """What the OpenAPI document says of the request's body."""
    photo = (
        f"JPEG, PNG, WebP, HEIC or AVIF; at most {size_text(max_file_bytes)} and {MAX_PIXELS // 10**6} megapixels, "
        f"at least {MIN_SIDE} px on the short side."
    )
    parts = {
        PHOTO: {"type": "string", "format": "binary", "description": photo},
        STYLE: {
            "type": "string",
            "description": "Name of a style, see /styles.",
            "examples": ["modern", "scandinavian", "boho", "industrial", "minimalist"],
        },
        STYLE_IMAGE: {
            "type": "string",
            "format": "binary",
            "description": "A picture whose look is wanted; the same formats and limits. Kept as long as the job.",
        },
        preferences.FIELD: {"$ref": "#/components/schemas/Preferences"},
        PRIORITY: {
            "type": "string",
            "enum": list(Priority),
            "default": Priority.INTERACTIVE,
            "description": "`batch` waits behind everybody who looks at a screen.",
        },
        webhook_policy.FIELD: {
            "type": "string",
            "format": "uri",
            "maxLength": MAX_URL_LENGTH,
            "description": "Public https:// address that is told how the job ended, by a POST signed "
            "as Standard Webhooks say; see /webhooks/secrets.",
        },
    }
    schema = {"type": "object", "required": [PHOTO, STYLE], "additionalProperties": False, "properties": parts}
    body = {"schema": schema, "encoding": {preferences.FIELD: {"contentType": "application/json"}}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": body}}}


def router(
    transformations: Transformations,
    receiver: FormReceiver,
    admission: Admission,
    followers: StreamAccess,
    address: PublicAddress,
) -> APIRouter:
    """The endpoints."""
    routes = APIRouter(prefix="/transform", tags=["transform"])
    submits = Depends(admits(admission, Scope.SUBMIT, Cost.SUBMIT))
    reads = Depends(admits(admission, Scope.READ, Cost.READ))
    cancels = Depends(admits(admission, Scope.SUBMIT, Cost.READ))

    @routes.post(
        "/submit",
        status_code=202,
        summary="Submit a photo",
        openapi_extra=_form(receiver.max_file_bytes) | SECURED,
        responses={202: {"links": _LINKS}, **problem.documented(400, 401, 403, 408, 409, 413, 415, 422, 429, 503)},
    )
    async def submit(
        request: Request,
        caller: Annotated[Caller, submits],
        idempotency_key: Annotated[
            str,
            Header(description=f"The same key and request return the same job; at most {MAX_KEY_LENGTH} characters."),
        ] = "",
    ) -> responses.Submitted:
        """Accepts a photo and returns at once. A job that was accepted is never lost."""
        async with receiver.submission(request, caller) as form:
            text = form.get(preferences.FIELD)
            submission = Submission(
                photo=form[PHOTO],
                style=form[STYLE].decode(errors="replace"),
                preferences=Preferences() if text is None else preferences.parse(text),
                idempotency_key=idempotency_key,
                priority=priority(form),
                style_image=form.get(STYLE_IMAGE),
                webhook_url=form.get(webhook_policy.FIELD, b"").decode(errors="replace"),
            )
            accepted = await transformations.submit(submission, caller)
        base = address.base(request)
        follow = await followers.links(accepted.job_id, base)
        return responses.Submitted(
            job_id=accepted.job_id,
            estimated_time=math.ceil(accepted.estimated_seconds),
            websocket_url=follow.websocket_url,
            events_url=follow.events_url,
            status_url=f"{base}/transform/status/{accepted.job_id}",
        )

    @routes.get(
        "/status/{job_id}",
        summary="Where a job is",
        openapi_extra=SECURED,
        responses=problem.documented(401, 403, 404, 429, 503),
    )
    async def status(job_id: str, request: Request, caller: Annotated[Caller, reads]) -> responses.JobStatusAnswer:
        """The job's status, and its result once it has completed."""
        view = await transformations.get(job_id, caller)
        base = address.base(request)
        return responses.status(view, base, await followers.links(view.job.job_id, base))

    @routes.delete(
        "/{job_id}",
        summary="Cancel a job",
        openapi_extra=SECURED,
        responses=problem.documented(401, 403, 404, 409, 422, 429, 503),
    )
    async def cancel(
        job_id: str,
        caller: Annotated[Caller, cancels],
        purge: Annotated[
            bool,
            Query(description="Deletes the job, whatever its status, with its pictures and all that is known of it."),
        ] = False,
    ) -> responses.Cancelled:
        """Ends a queued or running job. A second request for a cancelled job says the same."""
        if purge:
            await transformations.purge(job_id, caller)
            return responses.Cancelled(message="Job deleted with everything that is known of it")
        await transformations.cancel(job_id, caller)
        return responses.Cancelled()

    return routes
