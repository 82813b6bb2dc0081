"""One claimed job, until it has ended, was given back to the queue, or is lost to another worker."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from grpc import StatusCode
from opentelemetry.trace import SpanKind

from gateway.jobs import result, status_presentation
from gateway.jobs.result import JobError, JobResult
from gateway.worker import metrics
from gateway.worker.pipeline.run import MARGIN_SECONDS
from servicekit.errors import ServiceError, internal
from servicekit.jobstore import Cancelled, Claim, Ending, Job, JobStatus, Superseded
from servicekit.jobstore.catalog import RAN_TOO_LONG, WAITED_TOO_LONG
from servicekit.observability import logs, tracing
from servicekit.rpc import context

log = logs.get(__name__)

SUPERSEDED: Final = "superseded"
CANCELLED: Final = "cancelled"
FAILED: Final = "failed"
ABANDONED: Final = "abandoned"

Work = Callable[[Claim], Awaitable[JobResult]]
ClearUp = Callable[[Job], Awaitable[None]]


class JobHandler:
    """Works on claims, one call a claim, any number at a time."""

    def __init__(self, work: Work, *, clear_up: ClearUp, retry_seconds: float) -> None:
        """`clear_up` is called with each job that was cancelled or lost while it ran.

        `retry_seconds` is the pause before the second try; it doubles with each further one.
        """
        self._work = work
        self._clear_up = clear_up
        self._retry_seconds = retry_seconds

    async def handle(self, claim: Claim) -> None:
        """Does the job and writes its ending; cancelling this call gives the job back to the queue."""
        job = claim.job
        with (
            context.bound(job=job.job_id),
            metrics.RUNNING.track_inprogress(),
            tracing.span("job", kind=SpanKind.CONSUMER, parent=job.traceparent, delivery=job.deliveries) as span,
        ):
            span.set_attribute("modomo.job_id", job.job_id)
            if job.deliveries == 1:
                tracing.record("queue", since=job.created_at, parent=tracing.traceparent())
            log.info("job taken up", delivery=claim.job.deliveries)
            metrics.count_claim(claim.job)
            outcome = await self._outcome(claim)
            if outcome in (SUPERSEDED, CANCELLED):
                await self._clear_up(claim.job)
            metrics.ATTEMPTS.labels(outcome).inc()
            span.set_attribute("outcome", outcome)
            if outcome in (FAILED, ABANDONED):
                tracing.failed(span, outcome)
            log.info("job let go", outcome=outcome)

    async def _outcome(self, claim: Claim) -> str:
        try:
            try:
                made = await _unless_lost(claim, self._work(claim))
            except ServiceError as error:
                return await self._failed(claim, error)
            message = status_presentation.message(JobStatus.COMPLETED, style=made.style)
            await claim.finish(Ending(status=JobStatus.COMPLETED, message=message, result=result.encode(made)))
            metrics.count_completion(claim.job, made)
            return "completed"
        except Superseded:
            return SUPERSEDED
        except Cancelled:
            return CANCELLED
        except asyncio.CancelledError:
            with suppress(Superseded, Cancelled, ServiceError):
                await claim.retry(delay_seconds=0, counts=False)
            return "given back"
        except ServiceError as error:  # its ending could not be written: another worker will find the job
            log.error("the job's end is not written", problem=str(error))
            return ABANDONED

    async def _failed(self, claim: Claim, error: ServiceError) -> str:
        """Has the job tried again later, where that may help and there is time, or ends it as failed."""
        delay = self._delay(claim, error)
        if error.retryable and delay + MARGIN_SECONDS < claim.seconds_left:
            log.warning("trying again", reason=error.reason, delay_seconds=round(delay, 3))
            await claim.retry(delay_seconds=delay)
            return "retried"
        log.warning("job failed", reason=error.reason, problem=error.message)
        failure = JobError(code=error.reason, message=error.message, retryable=error.retryable)
        if error.code is StatusCode.DEADLINE_EXCEEDED:
            late = WAITED_TOO_LONG if claim.waits_for_device else RAN_TOO_LONG
            failure = JobError(code=late.code, message=late.message, retryable=late.retryable)
        await claim.finish(Ending(status=JobStatus.FAILED, message=failure.message, error=result.encode(failure)))
        return FAILED

    def _delay(self, claim: Claim, error: ServiceError) -> float:
        """Exponential backoff with jitter, and never sooner than the failed service asks for."""
        backoff = self._retry_seconds * 2.0 ** (claim.job.deliveries - 1)
        jittered = backoff * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, guards nothing
        return max(jittered, error.retry_after_seconds)


async def _unless_lost(claim: Claim, work: Awaitable[JobResult]) -> JobResult:
    """The result of the work; when `claim.lost` raises, cancels the work and raises the same."""
    working = asyncio.ensure_future(work)
    losing = asyncio.ensure_future(claim.lost())
    try:
        await asyncio.wait((working, losing), return_when=asyncio.FIRST_COMPLETED)
        if losing.done():
            losing.result()
        return await working
    except (ServiceError, Superseded, Cancelled, asyncio.CancelledError):
        raise
    except Exception as error:
        log.exception("unexpected exception")
        raise internal() from error
    finally:
        for task in (working, losing):
            task.cancel()
        await asyncio.gather(working, losing, return_exceptions=True)
