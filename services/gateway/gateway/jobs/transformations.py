"""The use cases behind every door: submit a photo, ask for its job, cancel it."""

import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.jobs import ids, keys, request, result, stages
from gateway.jobs.estimate import Estimator
from gateway.jobs.links import Linker, ResultLinks
from gateway.jobs.request import JobRequest, Preferences
from gateway.jobs.result import JobError
from servicekit import context, logs
from servicekit.errors import Conflict, Exhausted, InvalidArgument, ServiceError
from servicekit.joblog import Job, JobDesk, JobStatus, NewJob
from servicekit.storage import ObjectStore

log = logs.get(__name__)

MAX_KEY_LENGTH: Final = 255


class OptimisedPhoto(Protocol):
    """What is needed of a photo that has been checked and optimised."""

    @property
    def jpeg(self) -> bytes:
        """The picture."""

    @property
    def digest(self) -> str:
        """SHA-256 of the picture, hex."""

    @property
    def width(self) -> int:
        """In pixels."""

    @property
    def height(self) -> int:
        """In pixels."""


class Optimiser(Protocol):
    """Turns what was uploaded into what is kept."""

    async def optimise(self, data: bytes) -> OptimisedPhoto:
        """Checks and optimises; raises InvalidArgument naming `file`, Exhausted."""


class StyleNames(Protocol):
    """Knows the styles."""

    async def require(self, name: str) -> None:
        """Raises InvalidArgument naming `style` for a name that no style has."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many jobs may wait, and for how long things last."""

    queue: int
    wait_seconds: float
    run_seconds: float
    retention_seconds: float


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What a caller sends."""

    photo: bytes
    style: str
    preferences: Preferences
    idempotency_key: str = ""
    """Empty for none."""


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A job that will be done."""

    job_id: str
    estimated_seconds: float


@dataclass(frozen=True, kw_only=True)
class JobView:
    """A job as its owner may see it."""

    job: Job
    remaining_seconds: float
    preview: str
    """Link to the latest preview; empty where there is none, or where the result is there."""
    result: ResultLinks | None
    error: JobError | None


class Transformations:
    """The use cases."""

    def __init__(
        self,
        *,
        desk: JobDesk,
        store: ObjectStore,
        optimiser: Optimiser,
        styles: StyleNames,
        linker: Linker,
        estimator: Estimator,
        limits: Limits,
    ) -> None:
        self._desk = desk
        self._store = store
        self._optimiser = optimiser
        self._styles = styles
        self._linker = linker
        self._estimator = estimator
        self._limits = limits

    async def submit(self, submission: Submission) -> Accepted:
        """Validates, optimises, stores, enqueues; raises InvalidArgument, Conflict, Exhausted or Unavailable."""
        _require_key(submission.idempotency_key)
        await self._styles.require(submission.style)
        photo = await self._optimiser.optimise(submission.photo)
        job_id = ids.new()
        with context.bound(job=job_id):
            await self._store.put(keys.original(job_id), photo.jpeg, content_type="image/jpeg")
            try:
                submitted = await self._desk.submit(
                    self._new_job(job_id, submission, photo), queue_limit=self._limits.queue
                )
            except (Conflict, Exhausted):  # other errors leave it open whether the job exists: its photo stays
                await self._forget(job_id)
                raise
            if not submitted.created:
                await self._forget(job_id)
            log.info("job accepted", accepted=submitted.job_id, style=submission.style, new=submitted.created)
            return Accepted(job_id=submitted.job_id, estimated_seconds=await self._estimator.of_new_job())

    async def get(self, job_id: str) -> JobView:
        """Where a job is, and its result once there is one; raises NotFound."""
        job = await self._desk.get(ids.require(job_id))
        completed = job.status is JobStatus.COMPLETED
        return JobView(
            job=job,
            remaining_seconds=await self._estimator.remaining(job),
            preview=await self._linker.link(job.preview_key) if job.preview_key and not completed else "",
            result=await self._linker.result(result.decode_result(job.result)) if completed else None,
            error=result.decode_error(job.error) if job.status is JobStatus.FAILED else None,
        )

    async def cancel(self, job_id: str) -> None:
        """Ends a job that has not ended; raises NotFound, FailedPrecondition."""
        await self._desk.cancel(ids.require(job_id), message=stages.message(JobStatus.CANCELLED, style=""))

    def _new_job(self, job_id: str, submission: Submission, photo: OptimisedPhoto) -> NewJob:
        payload = request.encode(
            JobRequest(
                style=submission.style,
                preferences=submission.preferences,
                photo_digest=photo.digest,
                width=photo.width,
                height=photo.height,
            )
        )
        return NewJob(
            job_id=job_id,
            payload=payload,
            message=stages.message(JobStatus.QUEUED, style=submission.style),
            idempotency_key=submission.idempotency_key,
            request_digest=hashlib.sha256(payload.encode()).hexdigest(),
            wait_seconds=self._limits.wait_seconds,
            run_seconds=self._limits.run_seconds,
            retention_seconds=self._limits.retention_seconds,
        )

    async def _forget(self, job_id: str) -> None:
        """Removes the photo of a job that was not made."""
        try:
            await self._store.delete(keys.original(job_id))
        except ServiceError as error:
            log.warning("a photo without a job stays", key=keys.original(job_id), problem=str(error))


def _require_key(key: str) -> None:
    if len(key) > MAX_KEY_LENGTH or not key.isprintable():
        message = f"Idempotency-Key must be printable and have at most {MAX_KEY_LENGTH} characters."
        raise InvalidArgument("FIELD_INVALID", message, field="Idempotency-Key")
