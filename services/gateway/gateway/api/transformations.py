"""The use cases behind every transport: submit a photo, ask for its job, cancel it."""

from dataclasses import dataclass
from typing import Final, Protocol

from prometheus_client import Counter

from gateway.api.auth import Caller, Scope
from gateway.api.estimate import Estimator
from gateway.api.field_problems import FieldProblems
from gateway.api.group_joining import GroupJoining
from gateway.api.links import ResultLinks, UrlSigner
from gateway.api.submission import Limits, Submission, new_job, validate_idempotency_key
from gateway.api.uploads import style_image
from gateway.api.uploads.optimise import Photo
from gateway.api.wanted import Wanted
from gateway.api.webhook_policy import WebhookPolicy
from gateway.jobs import ids, object_keys, result, status_presentation
from gateway.jobs.groups.store import RoomGroups
from gateway.jobs.purger import Purger
from gateway.jobs.result import JobError
from servicekit.errors import Conflict, Exhausted, InvalidArgument, ServiceError
from servicekit.jobstore import ENDINGS, Job, JobStatus, JobStore, Position, catalog
from servicekit.observability import logs
from servicekit.rpc import context
from servicekit.storage import ObjectStore, delete_all
from servicekit.types.modes import RoomMode

log = logs.get(__name__)

ACCEPTED: Final = Counter("modomo_jobs_accepted_total", "Jobs that were accepted", ["priority"])


class Optimiser(Protocol):
    """Turns what was uploaded into what is kept."""

    async def optimise(self, data: bytes, *, client: str) -> Photo:
        """Checks and optimises, clients in turns; raises InvalidArgument naming `file`, Exhausted."""


class Abilities(Protocol):
    """Knows what can be asked for."""

    async def validate(self, wanted: Wanted) -> None:
        """Raises InvalidArgument naming the field of a style that there is not, or of what the engine cannot do."""


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A job that was accepted."""

    job_id: str
    estimated_seconds: float
    created: bool
    """False where the same request had made it before."""


@dataclass(frozen=True, kw_only=True)
class JobView:
    """A job as its tenant may see it."""

    job: Job
    remaining_seconds: float
    preview: str
    """Link to the latest preview; empty where there is none, or where the result is there."""
    result: ResultLinks | None
    error: JobError | None


@dataclass(frozen=True, kw_only=True)
class JobViews:
    """Some of a caller's jobs."""

    views: tuple[JobView, ...]
    """May be fewer than asked for though others follow."""
    following: Position | None
    """Go on before this one; None where nothing follows."""


class Transformations:
    """The use cases."""

    def __init__(
        self,
        *,
        job_store: JobStore,
        store: ObjectStore,
        optimiser: Optimiser,
        styles: Abilities,
        url_signer: UrlSigner,
        estimator: Estimator,
        limits: Limits,
        webhooks: WebhookPolicy,
        purger: Purger,
        groups: RoomGroups,
    ) -> None:
        self._job_store = job_store
        self._store = store
        self._optimiser = optimiser
        self._styles = styles
        self._url_signer = url_signer
        self._estimator = estimator
        self._limits = limits
        self._webhooks = webhooks
        self._purger = purger
        self._joining = GroupJoining(groups, store=store, kept_seconds=limits.retention_seconds)

    async def submit(self, submission: Submission, caller: Caller) -> Accepted:
        """Validates, optimises, stores, enqueues; raises InvalidArgument, Conflict, Exhausted or Unavailable."""
        problems = FieldProblems()
        await self.validate(submission.wanted, submission.webhook_url, submission.idempotency_key, problems)
        problems.check()
        photo = await self._optimiser.optimise(submission.photo, client=caller.client)
        look = await self._style_image(submission, caller)
        job_id = ids.new()
        joined = await self._joining.join(job_id, submission, look, caller)
        if joined is not None:
            submission, look = joined.submission, joined.look
        with context.bound(job=job_id):
            await self._store.put(object_keys.original(job_id), photo.jpeg, content_type="image/jpeg")
            if look is not None:
                await self._store.put(object_keys.style_image(job_id), look.jpeg, content_type="image/jpeg")
            try:
                new = new_job(job_id, submission, photo, look, caller=caller, limits=self._limits)
                submitted = await self._job_store.submit(
                    new,
                    queue_limit=self._limits.queue,
                    tenant_limit=self._limits.tenant_queue,
                )
            except (Conflict, Exhausted):  # other errors leave it open whether the job exists: its photo stays
                await self._delete_photo(job_id)
                if joined is not None and joined.new:
                    await self._joining.leave(job_id, submission, caller)
                raise
            if submitted.created:
                ACCEPTED.labels(new.priority).inc()
            else:
                await self._delete_photo(job_id)
            log.info("job accepted", accepted=submitted.job_id, style=submission.style, new=submitted.created)
            estimate = await self._estimator.of_new_job(ahead=submitted.work_ahead, work=new.cost)
            return Accepted(job_id=submitted.job_id, estimated_seconds=estimate, created=submitted.created)

    async def validate(self, wanted: Wanted, webhook_url: str, idempotency_key: str, problems: FieldProblems) -> None:
        """Looks at what can be judged without the photo, and collects what is wrong; raises Unavailable."""
        with problems.collected():
            validate_idempotency_key(idempotency_key)
        with problems.collected():
            self._webhooks.validate(webhook_url)
        with problems.collected():
            if wanted.style_image and (wanted.surfaces or wanted.mode is RoomMode.DECLUTTER):
                beside = "surfaces" if wanted.surfaces else f"mode {wanted.mode}"
                message = f"{style_image.FIELD} has no use with {beside}."
                raise InvalidArgument("FIELD_INVALID", message, field=style_image.FIELD)
        with problems.collected():
            await self._styles.validate(wanted)

    async def authorize(self, job_id: str, caller: Caller) -> str:
        """The id of a job that the caller may see, in its canonical form; raises NotFound.

        Admins may see every job, so nothing is looked up for them: a job that does not exist shows when it is read.
        """
        job_id = ids.validate(job_id)
        if not caller.may(Scope.ADMIN):
            await self._authorized_job(job_id, caller)
        return job_id

    async def get(self, job_id: str, caller: Caller) -> JobView:
        """A job of the caller's as it is now, with its result once there is one; raises NotFound."""
        return await self._view(await self._authorized_job(ids.validate(job_id), caller))

    async def shared(self, job_id: str) -> JobView:
        """A job of any tenant, for whoever has shown the right to see it; raises NotFound."""
        return await self._view(await self._job_store.get(job_id))

    async def _view(self, job: Job) -> JobView:
        completed = job.status is JobStatus.COMPLETED
        return JobView(
            job=job,
            remaining_seconds=await self._estimator.remaining(job),
            preview=await self._url_signer.link(job.preview_key) if job.preview_key and not completed else "",
            result=await self._result(job) if completed else None,
            error=result.decode_error(job.error) if job.status is JobStatus.FAILED else None,
        )

    async def jobs(self, caller: Caller, *, limit: int, before: Position | None = None) -> JobViews:
        """Jobs of the caller's own, the newest first; raises Unavailable."""
        page = await self._job_store.jobs_of(caller.tenant, limit=limit, before=before)
        return JobViews(views=tuple([await self._view(job) for job in page.jobs]), following=page.following)

    async def tenant(self, job_id: str) -> str:
        """Whose a job is; raises NotFound."""
        return (await self._job_store.get(job_id)).tenant

    async def ended(self, job_id: str) -> bool:
        """Whether a job of any tenant has ended; raises NotFound."""
        return (await self._job_store.get(job_id)).status in ENDINGS

    async def completed(self, job_id: str) -> ResultLinks | None:
        """The result of a job of any tenant; None until it has completed. Raises NotFound."""
        job = await self._job_store.get(job_id)
        return await self._result(job) if job.status is JobStatus.COMPLETED else None

    async def cancel(self, job_id: str, caller: Caller) -> None:
        """Ends a job of the caller's that has not ended; raises NotFound, FailedPrecondition."""
        job_id = await self.authorize(job_id, caller)
        await self._job_store.cancel(job_id, message=status_presentation.message(JobStatus.CANCELLED, style=""))

    async def purge(self, job_id: str, caller: Caller) -> None:
        """Deletes a job of the caller's with all that is known of it, also while it runs; raises NotFound."""
        job_id = await self.authorize(job_id, caller)
        with context.bound(job=job_id):
            await self._purger.purge(job_id, message=status_presentation.message(JobStatus.CANCELLED, style=""))

    async def _result(self, job: Job) -> ResultLinks:
        return await self._url_signer.result(result.decode_result(job.result))

    async def _authorized_job(self, job_id: str, caller: Caller) -> Job:
        """The record of a job that the caller may see; raises NotFound for jobs of others, too."""
        job = await self._job_store.get(job_id)
        if not caller.owns(job.tenant):
            raise catalog.unknown_job()
        return job

    async def _style_image(self, submission: Submission, caller: Caller) -> Photo | None:
        """The picture whose look is wanted, as it is kept."""
        if submission.style_image is None:
            return None
        with style_image.blamed():
            return await self._optimiser.optimise(submission.style_image, client=caller.client)

    async def _delete_photo(self, job_id: str) -> None:
        """Deletes the pictures of a job that was not made."""
        try:
            await delete_all(self._store, object_keys.folder(job_id))
        except ServiceError as error:
            log.warning("a photo without a job stays", key=object_keys.original(job_id), problem=str(error))
