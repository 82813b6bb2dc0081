"""Makes a job's first look and shows it. Whatever fails costs the picture, never the job."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Final, NoReturn

import msgspec
from prometheus_client import Counter, Histogram

from gateway.clients.controlmaps import ControlMapsClient, RoomAnalysis
from gateway.clients.detection import DetectionClient, Detections
from gateway.clients.diffusion import DiffusionClient, Restyling
from gateway.jobs import object_keys, request, stage_cache
from gateway.jobs.request import JobRequest
from gateway.jobs.stage import Stage
from gateway.jobs.stage_cache import StageCache
from gateway.worker.pipeline.keep_mask import probably_kept, union
from gateway.worker.pipeline.photo_analysis import room_type
from gateway.worker.pipeline.retry import with_retries
from gateway.worker.pipeline.stopwatch import Stopwatch
from servicekit.errors import ServiceError
from servicekit.jobstore import FirstLooks, Job
from servicekit.observability import logs, tracing
from servicekit.observability.metrics import SECONDS_BUCKETS
from servicekit.rpc import context
from servicekit.storage import ObjectStore

log = logs.get(__name__)

SECONDS: Final = 20.0
"""What one look may take. Later it is of little use, and others wait."""

SINCE_SUBMIT: Final = Histogram(
    "modomo_first_look_seconds", "Time from a job's acceptance until its first look was shown", buckets=SECONDS_BUCKETS
)
LOOKS: Final = Counter("modomo_first_looks_total", "Jobs taken for a first look, by what came of it", ["outcome"])


class FirstLookMaker:
    """Takes one job after another."""

    def __init__(
        self,
        looks: FirstLooks,
        *,
        detection: DetectionClient,
        controlmaps: ControlMapsClient,
        diffusion: DiffusionClient,
        store: ObjectStore,
        cache: StageCache,
    ) -> None:
        """The three services run their lite engines; `cache` is the workers', with what theirs have made of photos."""
        self._looks = looks
        self._detection = detection
        self._controlmaps = controlmaps
        self._diffusion = diffusion
        self._store = store
        self._cache = cache

    async def run(self) -> NoReturn:
        """Until it is cancelled; several may run at once."""
        while True:
            await self.show(await self._looks.take())

    async def show(self, job: Job) -> None:
        """Makes a job's picture, stores it, and adds it to the job's log, or deletes it where it comes too late."""
        with (
            context.bound(job=job.job_id),
            tracing.span("first look", parent=job.traceparent) as span,
        ):
            try:
                async with asyncio.timeout(SECONDS):
                    outcome = await self._show(job)
            except (ServiceError, TimeoutError, msgspec.MsgspecError) as error:
                log.warning("no first look", problem=str(error) or type(error).__name__)
                outcome = "failed"
            except Exception:
                log.exception("unexpected exception")  # of one job; the others go on
                outcome = "failed"
            LOOKS.labels(outcome).inc()
            log.info("first look", outcome=outcome)
            span.set_attribute("outcome", outcome)

    async def _show(self, job: Job) -> str:
        key = object_keys.first_look(job.job_id)
        picture = await self._make(job)
        await self._store.put(key, picture, content_type="image/jpeg")
        if not await self._looks.show(job.job_id, key):
            await self._store.delete(key)  # where this fails, it goes with the rest of the job
            return "late"
        SINCE_SUBMIT.observe(max(0.0, (datetime.now(UTC) - job.created_at).total_seconds()))
        return "shown"

    async def _make(self, job: Job) -> bytes:
        """A JPEG; raises ServiceError."""
        asked = request.decode(job.payload)
        until = time.monotonic() + SECONDS

        def left() -> float:
            return max(0.0, until - time.monotonic())

        photo = await self._store.get(object_keys.original(job.job_id))
        style_image = await self._store.get(object_keys.style_image(job.job_id)) if asked.style_image_digest else b""
        photo_id = stage_cache.photo_id(job.tenant, asked.photo_digest)

        async def analysed() -> RoomAnalysis:
            known = await self._cache.known(Stage.ANALYZE, photo_id, RoomAnalysis)
            if known is not None:  # by the workers' engine, whose maps are the better ones
                return known
            return await with_retries(lambda: self._controlmaps.analyze(photo, seconds=left()), seconds_left=left)

        room, keep = await asyncio.gather(analysed(), self._kept(asked, photo, photo_id, seconds=left()))
        restyling = Restyling(
            photo=photo,
            style=asked.style,
            room_type=room_type(asked.preferences, room),
            maps=room.maps,
            keep=keep,
            palette=asked.preferences.color_palette,
            strength=asked.preferences.strength,
            seed=request.seed(asked, job.job_id),
            repaint_openings=asked.preferences.repaint_openings,
            style_image=style_image,
            surfaces=asked.preferences.surfaces,
        )
        with Stopwatch().measure(Stage.PREVIEW):
            return await self._diffusion.preview(restyling, seconds=left())

    async def _kept(self, asked: JobRequest, photo: bytes, photo_id: str, *, seconds: float) -> bytes:
        """Mask of what stays as it is, PNG; empty for nothing."""
        if not (asked.preferences.keep or asked.preferences.keep_furniture):
            return b""
        found = await self._cache.known(Stage.DETECT, photo_id, Detections)
        if found is None:
            found = await self._detection.detect(photo, masks=True, seconds=seconds)
        kept = probably_kept(asked.preferences, found.objects)
        return await asyncio.to_thread(union, kept, found.masks, shape=(asked.height, asked.width))
