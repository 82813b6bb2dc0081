"""Submitting a photo, asking for its job, cancelling it."""

import math
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from gateway.api import webhook_policy
from gateway.api.auth import Caller, Scope
from gateway.api.auth.admission import Admission, check_quota
from gateway.api.field_problems import FieldProblems
from gateway.api.http import job_list, problem, responses
from gateway.api.http.authorization import SECURED, admits
from gateway.api.http.form_receiver import (
    PRIORITY,
    STYLE,
    WEBHOOK_EVENTS,
    FormReceiver,
    ReceivedForm,
    priority,
    webhook_events,
)
from gateway.api.http.job_list import MAX_CURSOR, MAX_LISTED
from gateway.api.http.job_waiting import JobWaiter, Wait
from gateway.api.http.stream_access import StreamAccess
from gateway.api.limits import Cost
from gateway.api.limits import headers as headers_of_limits
from gateway.api.public_address import PublicAddress
from gateway.api.submission import MAX_KEY_LENGTH, Submission
from gateway.api.transformations import JobView, Transformations
from gateway.api.uploads import preferences
from gateway.api.uploads.fetch import FIELD as PHOTO_URL
from gateway.api.uploads.form import size_text
from gateway.api.uploads.header import FIELD as PHOTO
from gateway.api.uploads.header import MAX_PIXELS, MIN_SIDE, read_header
from gateway.api.uploads.style_image import FIELD as STYLE_IMAGE
from gateway.api.wanted import Wanted
from gateway.jobs import ids
from gateway.jobs.request import Preferences
from servicekit.jobstore import ENDINGS, Priority
from servicekit.jobstore.outbox import EVENTS
from servicekit.webhooks.ssrf import MAX_URL_LENGTH

_LINKS: Final = {
    operation: {"operationId": operation, "parameters": {"job_id": "$response.body#/job_id"}}
    for operation in ("status", "events", "cancel")
}
_SUBMIT_HEADERS: Final = {
    name: {"$ref": f"#/components/headers/{name}"} for name in ("Location", "Idempotent-Replayed")
}


def _form(max_file_bytes: int) -> dict[str, Any]:
    """What the OpenAPI document says of the request's body. A form in /docs begins with the examples, so those of
    optional parts choose nothing.
    """
    photo = (
        f"JPEG, PNG, WebP, HEIC or AVIF; at most {size_text(max_file_bytes)} and {MAX_PIXELS // 10**6} megapixels, "
        f"at least {MIN_SIDE} px on the short side."
    )
    parts = {
        PHOTO: {"type": "string", "format": "binary", "description": photo},
        PHOTO_URL: {
            "type": "string",
            "examples": [""],
            "maxLength": MAX_URL_LENGTH,
            "description": f"In place of `{PHOTO}`: public https:// address that the photo is fetched from, under the "
            "same limits.",
        },
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
            "examples": [""],
            "maxLength": MAX_URL_LENGTH,
            "description": "Public https:// address that is told what happens to the job, by a POST signed "
            "as Standard Webhooks say; see /webhooks/secrets.",
        },
        WEBHOOK_EVENTS: {
            "type": "string",
            "examples": [""],
            "description": f"What it is told of: some of {', '.join(f'`{event}`' for event in EVENTS)}, separated by "
            "commas. Absent: every ending.",
        },
    }
    schema = {
        "type": "object",
        "required": [STYLE],
        "additionalProperties": False,
        "properties": parts,
        "description": f"Either `{PHOTO}` or `{PHOTO_URL}`.",
    }
    body = {"schema": schema, "encoding": {preferences.FIELD: {"contentType": "application/json"}}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": body}}}


def router(
    transformations: Transformations,
    *,
    receiver: FormReceiver,
    admission: Admission,
    followers: StreamAccess,
    waiter: JobWaiter,
    address: PublicAddress,
) -> APIRouter:
    """The endpoints."""
    routes = APIRouter(prefix="/transform", tags=["transform"])
    submits = Depends(admits(admission, Scope.SUBMIT, Cost.SUBMIT))
    reads = Depends(admits(admission, Scope.READ, Cost.READ))
    cancels = Depends(admits(admission, Scope.SUBMIT, Cost.READ))

    async def shown(view: JobView, base: str) -> responses.JobStatusAnswer:
        return responses.status(view, base, await followers.links(view.job.job_id, base))

    @routes.post(
        "/submit",
        status_code=202,
        summary="Submit a photo",
        response_model=responses.Submitted,
        openapi_extra=_form(receiver.max_file_bytes) | SECURED,
        responses={
            200: {
                "model": responses.JobStatusAnswer,
                "description": "With `wait`: the job has ended.",
                "headers": _SUBMIT_HEADERS,
            },
            202: {"description": "The job was accepted.", "links": _LINKS, "headers": _SUBMIT_HEADERS},
            **problem.documented(400, 401, 403, 408, 409, 413, 415, 422, 429, 503),
        },
    )
    async def submit(
        request: Request,
        caller: Annotated[Caller, submits],
        response: Response,
        idempotency_key: Annotated[
            str,
            Header(description=f"The same key and request return the same job; at most {MAX_KEY_LENGTH} characters."),
        ] = "",
        wait: Wait = 0,
    ) -> responses.Submitted | Response:
        """Accepts a photo and returns at once. A job that was accepted is never lost."""
        async with receiver.submission(request, caller) as form:
            accepted = await transformations.submit(await _submission(form, idempotency_key, transformations), caller)
        base = address.base(request)
        headers = {"Location": f"{base}/transform/status/{accepted.job_id}"}
        if not accepted.created:
            headers["Idempotent-Replayed"] = "true"
        if await waiter.ended(accepted.job_id, caller, seconds=wait):
            answer = await shown(await transformations.get(accepted.job_id, caller), base)
            return Response(answer.model_dump_json(), media_type="application/json", headers=headers)
        response.headers.update(headers)
        follow = await followers.links(accepted.job_id, base)
        return responses.Submitted(
            job_id=accepted.job_id,
            estimated_time=math.ceil(accepted.estimated_seconds),
            websocket_url=follow.websocket_url,
            events_url=follow.events_url,
            share_token=follow.share_token or None,
            status_url=headers["Location"],
        )

    @routes.get(
        "/status/{job_id}",
        summary="Where a job is",
        openapi_extra=SECURED,
        responses=problem.documented(401, 403, 404, 422, 429, 503),
    )
    async def status(
        job_id: str, request: Request, caller: Annotated[Caller, reads], wait: Wait = 0
    ) -> responses.JobStatusAnswer:
        """The job's status, and its result once it has completed."""
        view = await transformations.get(job_id, caller)
        if view.job.status not in ENDINGS and await waiter.ended(view.job.job_id, caller, seconds=wait):
            view = await transformations.get(job_id, caller)
        return await shown(view, address.base(request))

    @routes.get(
        "/shared/{job_id}",
        summary="Look at a job that somebody shares",
        responses=problem.documented(404, 422, 429, 503),
    )
    async def shared(
        job_id: str,
        request: Request,
        share: Annotated[str, Query(max_length=64, description="`share_token` of the job.")] = "",
    ) -> responses.JobStatusAnswer:
        """The job's status, as its owner sees it, for whoever has its share token. Needs no key."""
        job_id = ids.validate(job_id)
        rate_limit = await admission.spend_shared(job_id, share)
        setattr(request.state, headers_of_limits.STATE, rate_limit)
        check_quota(rate_limit)
        return await shown(await transformations.shared(job_id), address.base(request))

    @routes.get(
        "/jobs",
        summary="Your jobs, the newest first",
        openapi_extra=SECURED,
        responses=problem.documented(401, 403, 422, 429, 503),
    )
    async def jobs(
        request: Request,
        caller: Annotated[Caller, reads],
        limit: Annotated[int, Query(ge=1, le=MAX_LISTED, description="Jobs in one answer.")] = 20,
        cursor: Annotated[str, Query(max_length=MAX_CURSOR, description="`next_cursor` of the answer before.")] = "",
        status: Annotated[responses.JobWord | None, Query(description="Only jobs with this status.")] = None,
    ) -> responses.JobsAnswer:
        """All that are still kept. A page may be shorter than `limit`: go on while there is a `next_cursor`."""
        found = await job_list.find(transformations, caller, limit=limit, cursor=cursor, word=status)
        base = address.base(request)
        return responses.JobsAnswer(
            data=[(await shown(view, base)).data for view in found.views], next_cursor=found.next_cursor
        )

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


async def _submission(form: ReceivedForm, idempotency_key: str, transformations: Transformations) -> Submission:
    """What the form asks for; raises InvalidFields naming all that is wrong with it, the photo's header included."""
    problems = FieldProblems()
    preferred, urgency = Preferences(), Priority.INTERACTIVE
    events: tuple[str, ...] = ()
    style, webhook_url = form.text(STYLE), form.text(webhook_policy.FIELD)
    with problems.collected():
        if preferences.FIELD in form.parts:
            preferred = preferences.parse(form.parts[preferences.FIELD])
    with problems.collected():
        urgency = priority(form.parts)
    with problems.collected():
        events = webhook_events(form.parts)
    if problems or form.by_address:  # nobody else's server is asked for the photo of a request that is wrong
        wanted = Wanted.of(style, preferred, style_image=bool(form.parts.get(STYLE_IMAGE)))
        await transformations.validate(wanted, webhook_url, idempotency_key, problems)
        with problems.collected():
            if not form.by_address:
                read_header(form.parts[PHOTO])
        problems.check()
    return Submission(
        photo=await form.photo(),
        style=style,
        preferences=preferred,
        idempotency_key=idempotency_key,
        priority=urgency,
        style_image=form.parts.get(STYLE_IMAGE) or None,  # forms of pages send an empty part for no file
        webhook_url=webhook_url,
        webhook_events=events,
    )
