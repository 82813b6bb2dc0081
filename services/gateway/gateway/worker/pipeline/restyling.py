"""From an analysed photo to the best result: restyling, quality, and a second attempt below the bar."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import msgspec

from gateway.clients.calls import broke_off
from gateway.clients.controlmaps import ControlMapsClient, Quality
from gateway.clients.diffusion import DiffusionClient, PreviewPicture, Restyled, Restyling, StepDone
from gateway.jobs import request
from gateway.jobs.request import SEEDS
from gateway.jobs.stage import Stage
from gateway.jobs.stage_cache import StageCache
from gateway.worker.pipeline.fail_fast import fail_fast
from gateway.worker.pipeline.previews import Previews
from gateway.worker.pipeline.run import Run, out_of_time
from servicekit.errors import ServiceError
from servicekit.jobstore import JobStatus
from servicekit.observability import logs
from servicekit.storage import ObjectStore

log = logs.get(__name__)

AGAIN: Final = 1.2
"""How much longer than the first attempt the second may take: one that cannot finish is not begun."""

STORING_SECONDS: Final = 2.0
"""Kept of the job's time for its results."""


@dataclass(frozen=True, kw_only=True)
class JudgedResult:
    """A result and how good it is."""

    restyled: Restyled

    quality: Quality
    """Of its weakest variant."""


class RestylingStage:
    """Calls diffusion, and has the quality of its results assessed."""

    def __init__(
        self,
        *,
        diffusion: DiffusionClient,
        controlmaps: ControlMapsClient,
        store: ObjectStore,
        cache: StageCache,
        quality_bar: float,
    ) -> None:
        """A result whose overall quality lies below the bar is made once more."""
        self._diffusion = diffusion
        self._controlmaps = controlmaps
        self._store = store
        self._cache = cache
        self._bar = quality_bar

    async def restyle(self, run: Run, restyling: Restyling) -> list[JudgedResult]:
        """One or two attempts, the better one first; raises ServiceError.

        A seed that the caller chose is never replaced by another, so there is no second attempt then.
        """
        seeded = replace(restyling, seed=request.seed(run.request, run.job_id))
        run.reporter.stage(JobStatus.TRANSFORMING)
        async with fail_fast() as group:
            previews = Previews(run, store=self._store, group=group)
            begun = time.monotonic()
            attempts = [await self._attempt(run, seeded, previews)]
            spent = max(time.monotonic() - begun, attempts[0].restyled.manifest.device_seconds)
            below = attempts[0].quality.overall < self._bar and restyling.seed is None
            if below and spent * AGAIN > run.claim.seconds_left - STORING_SECONDS:
                log.info("below the bar, no time for another", spent=spent, left=run.claim.seconds_left)
            elif below:
                log.info("below the bar, once more", overall=attempts[0].quality.overall, bar=self._bar)
                other = replace(seeded, seed=(attempts[0].restyled.manifest.seed + restyling.variants) % SEEDS)
                attempts += await self._another(run, other, previews)
            await previews.settle()
        return sorted(attempts, key=lambda attempt: -attempt.quality.overall)

    async def _another(self, run: Run, restyling: Restyling, previews: Previews) -> list[JudgedResult]:
        """A second attempt; none where it fails or takes all the time left, as there is a result already."""
        try:
            async with asyncio.timeout(max(run.seconds_left - STORING_SECONDS, 0.0)):
                return [await self._attempt(run, restyling, previews)]
        except (ServiceError, TimeoutError) as error:
            log.warning("no other attempt", problem=str(error))
            return []

    async def _attempt(self, run: Run, restyling: Restyling, previews: Previews) -> JudgedResult:
        with run.stopwatch.measure(Stage.TRANSFORM):
            restyled = await self._cache.get_or_make(
                Stage.TRANSFORM,
                run.photo_id,
                Restyled,
                lambda: run.with_retries(lambda: self._transform(run, restyling, previews)),
                digest=_digest(restyling),
            )
        if restyling.corrections:  # whoever mends a picture sees it while it is judged
            previews.offer(restyled.jpegs[0])
        with run.stopwatch.measure(Stage.ASSESS):
            return JudgedResult(restyled=restyled, quality=await self._assess(run, restyling, restyled.jpegs))

    async def _transform(self, run: Run, restyling: Restyling, previews: Previews) -> Restyled:
        """One call, whose time for running begins when the engine says that it has taken the request up."""
        await run.claim.wait_for_device()
        clock = asyncio.get_running_loop()
        async with (
            _deadline(run) as limit,
            aclosing(self._diffusion.transform(restyling, seconds=run.seconds_left + run.claim.run_seconds)) as steps,
        ):
            async for step in steps:
                if run.claim.waits_for_device:
                    await run.claim.device_taken()
                    limit.reschedule(clock.time() + run.seconds_left)
                match step:
                    case StepDone():
                        run.reporter.step(step.step, step.total_steps)
                    case PreviewPicture():
                        previews.offer(step.jpeg)
                    case Restyled():
                        return step
        raise broke_off()

    async def _assess(self, run: Run, restyling: Restyling, results: Sequence[bytes]) -> Quality:
        judgements = await asyncio.gather(
            *(run.with_retries(partial(self._judge, run, restyling, result)) for result in results)
        )
        return min(judgements, key=lambda quality: quality.overall)

    async def _judge(self, run: Run, restyling: Restyling, result: bytes) -> Quality:
        return await self._controlmaps.assess(
            run.photo,
            result,
            kept=restyling.keep,
            palette=restyling.palette,
            maps=restyling.maps,
            seconds=run.seconds_left,
        )


@asynccontextmanager
async def _deadline(run: Run) -> AsyncIterator[asyncio.Timeout]:
    """Ends the block at the job's deadline, which may be moved; raises DeadlineExceeded then."""
    try:
        async with asyncio.timeout(run.seconds_left) as limit:
            yield limit
    except TimeoutError as error:
        raise out_of_time() from error


def _digest(restyling: Restyling) -> str:
    """Of everything that goes into a result."""
    return hashlib.sha256(msgspec.msgpack.encode(restyling)).hexdigest()
