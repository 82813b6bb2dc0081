"""What a caller sends, and the job that it makes."""

import hashlib
from dataclasses import dataclass
from typing import Final

from gateway.api.auth import Caller
from gateway.api.uploads.optimise import Photo
from gateway.api.wanted import Wanted
from gateway.jobs import request, status_presentation
from gateway.jobs.request import JobRequest, Preferences
from gateway.jobs.work import expected_work
from servicekit.errors import InvalidArgument
from servicekit.jobstore import JobStatus, NewJob, Priority
from servicekit.observability import tracing

MAX_KEY_LENGTH: Final = 255


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many jobs may wait, and for how long things last."""

    queue: int
    tenant_queue: int
    """Of one tenant and one priority."""
    wait_seconds: float
    batch_wait_seconds: float
    run_seconds: float
    """For each unit of a job's expected work."""
    retention_seconds: float


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What a caller sends."""

    photo: bytes
    style: str
    preferences: Preferences
    idempotency_key: str = ""
    """Empty for none."""
    priority: Priority = Priority.INTERACTIVE
    style_image: bytes | None = None
    """A picture whose look is wanted."""
    webhook_url: str = ""
    """Address that is told of events; empty for none."""
    webhook_events: tuple[str, ...] = ()
    """Which; none for every ending."""

    @property
    def wanted(self) -> Wanted:
        """What an engine has to be able to do for it."""
        return Wanted.of(self.style, self.preferences, style_image=self.style_image is not None)


def new_job(
    job_id: str, submission: Submission, photo: Photo, look: Photo | None, *, caller: Caller, limits: Limits
) -> NewJob:
    """The job that a submission makes of a photo and of the picture whose look is wanted, both as they are kept."""
    priority = Priority.BATCH if caller.batch else submission.priority
    wait = limits.batch_wait_seconds if priority is Priority.BATCH else limits.wait_seconds
    job = JobRequest(
        style=submission.style,
        preferences=submission.preferences,
        photo_digest=photo.digest,
        width=photo.width,
        height=photo.height,
        style_image_digest=look.digest if look else "",
    )
    payload, work = request.encode(job), expected_work(job)
    return NewJob(
        job_id=job_id,
        payload=payload,
        message=status_presentation.message(JobStatus.QUEUED, style=submission.style),
        tenant=caller.tenant,
        priority=priority,
        cost=work,
        first_look=request.has_first_look(job),
        webhook_url=submission.webhook_url,
        webhook_events=submission.webhook_events,
        traceparent=tracing.traceparent(),
        idempotency_key=submission.idempotency_key,
        request_digest=_digest(payload, submission),
        wait_seconds=wait,
        run_seconds=limits.run_seconds * work,
        retention_seconds=limits.retention_seconds,
    )


def validate_idempotency_key(key: str) -> None:
    """Raises InvalidArgument naming the header."""
    if len(key) > MAX_KEY_LENGTH or not key.isprintable():
        message = f"Idempotency-Key must be printable and have at most {MAX_KEY_LENGTH} characters."
        raise InvalidArgument("FIELD_INVALID", message, field="Idempotency-Key")


def _digest(payload: str, submission: Submission) -> str:
    """Of the whole request; without chosen events as releases make it that know of none."""
    parts = [
        payload,
        submission.webhook_url,
        *([",".join(submission.webhook_events)] if submission.webhook_events else []),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
