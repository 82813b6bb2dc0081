"""The state of one job while it is worked on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from gateway.jobs import stage_cache
from gateway.jobs.request import JobRequest
from gateway.worker.pipeline import retry
from gateway.worker.pipeline.progress_reporter import ProgressReporter
from gateway.worker.pipeline.stopwatch import Stopwatch
from servicekit.errors import DeadlineExceeded
from servicekit.jobstore import Claim

Value = TypeVar("Value")

MARGIN_SECONDS: Final = 0.5
"""Reserved before the deadline for writing the job's ending."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a job through the pipeline."""

    claim: Claim
    request: JobRequest

    photo: bytes
    """The original as stored, JPEG."""

    style_image: bytes = b""
    """The picture whose look is wanted, JPEG; empty for none."""

    reporter: ProgressReporter
    stopwatch: Stopwatch

    warnings: list[str] = field(default_factory=list)
    """For people; grows on the way."""

    @property
    def job_id(self) -> str:
        """The job's id."""
        return self.claim.job.job_id

    @property
    def photo_id(self) -> str:
        """What the cache of stages calls the photo."""
        return stage_cache.photo_id(self.claim.job.tenant, self.request.photo_digest)

    @property
    def seconds_left(self) -> float:
        """How long the next call may take; raises DeadlineExceeded where there is no time left."""
        seconds = self.claim.seconds_left - MARGIN_SECONDS
        if seconds <= 0:
            raise out_of_time()
        return seconds

    async def with_retries(self, attempt: Callable[[], Awaitable[Value]]) -> Value:
        """As `retry.with_retries`, for as long as the job may run."""
        return await retry.with_retries(attempt, seconds_left=lambda: self.claim.seconds_left - MARGIN_SECONDS)


def out_of_time() -> DeadlineExceeded:
    """The job's deadline has passed."""
    return DeadlineExceeded("OUT_OF_TIME", "Your transformation took too long and was stopped.")
