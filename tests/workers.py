"""A worker for tests: real Valkey, files and gRPC; model services that do nothing or misbehave on order."""

import asyncio
import dataclasses
import io
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gateway.jobs import keys, request, result, stages
from gateway.jobs.request import JobRequest, Preferences
from gateway.jobs.result import JobError, JobResult
from gateway.worker import work
from gateway.worker_settings import WorkerSettings
from servicekit.joblog import ENDINGS, Event, Job, JobStatus, NewJob
from servicekit.joblog.redis import JobLog, JobLogSettings, connect
from servicekit.storage.local import LocalStore
from tests.model_services import ModelServices

WIDTH, HEIGHT = 320, 256


@dataclass(kw_only=True)
class WorkerBench:
    """Everything around a worker, and the other side of its jobs."""

    settings: WorkerSettings
    services: ModelServices
    joblog: JobLog
    store: LocalStore

    @asynccontextmanager
    async def worker(self, **changes: Any) -> AsyncIterator[asyncio.Event]:
        """Runs a worker in this process; the event stops it as SIGTERM would, and the end of the block does too."""
        stop = asyncio.Event()
        working = asyncio.create_task(work(dataclasses.replace(self.settings, **changes), stop.wait))
        try:
            yield stop
        finally:
            stop.set()
            await working

    async def submit(
        self, *, style: str = "modern", photo: bytes | None = None, run_seconds: float = 60.0, **preferences: Any
    ) -> str:
        """Makes a job as the api does; returns its id."""
        job_id = str(uuid.uuid4())
        data = photo or make_photo()
        await self.store.put(keys.original(job_id), data, content_type="image/jpeg")
        job = JobRequest(
            style=style,
            preferences=Preferences(**preferences),
            photo_digest=sha256(data).hexdigest(),
            width=WIDTH,
            height=HEIGHT,
        )
        message = stages.message(JobStatus.QUEUED, style=style)
        new = NewJob(job_id=job_id, payload=request.encode(job), message=message, run_seconds=run_seconds)
        await self.joblog.desk.submit(new, queue_limit=1000)
        return job_id

    async def ended(self, job_id: str) -> Job:
        """The job, once it has ended."""
        async with asyncio.timeout(60):
            while True:
                job = await self.joblog.desk.get(job_id)
                if job.status in ENDINGS:
                    return job
                await asyncio.sleep(0.01)  # polled as the app polls

    async def completed(self, job_id: str) -> JobResult:
        """The result of a job that must end well."""
        job = await self.ended(job_id)
        assert job.status is JobStatus.COMPLETED, job.error
        return result.decode_result(job.result)

    async def failed(self, job_id: str) -> JobError:
        """Why a job failed that must fail."""
        job = await self.ended(job_id)
        assert job.status is JobStatus.FAILED, job.status
        return result.decode_error(job.error)

    async def events(self, job_id: str) -> Sequence[Event]:
        """The job's log."""
        return await self.joblog.events.read(job_id)


def make_photo(*, colour: tuple[int, int, int] = (200, 120, 40)) -> bytes:
    """A JPEG of 320×256 pixels."""
    buffer = io.BytesIO()
    Image.new("RGB", (WIDTH, HEIGHT), colour).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


@pytest.fixture
async def worker_bench(
    joblog_settings: JobLogSettings, model_services: ModelServices, tmp_path: Path
) -> AsyncIterator[WorkerBench]:
    """A bench with nothing on it yet."""
    settings = WorkerSettings(
        **dataclasses.asdict(joblog_settings),
        detection_address=model_services.addresses["detection"],
        controlmaps_address=model_services.addresses["controlmaps"],
        diffusion_address=model_services.addresses["diffusion"],
        data_dir=tmp_path / "objects",
        drain_seconds=10.0,
        retry_seconds=0.05,
    )
    joblog = connect(settings)
    yield WorkerBench(settings=settings, services=model_services, joblog=joblog, store=LocalStore(settings.data_dir))
    for role in (joblog.queue, joblog.events, joblog.desk):
        await role.close()
