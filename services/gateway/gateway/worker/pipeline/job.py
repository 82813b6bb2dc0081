"""The whole way of one photo."""

from collections.abc import Sequence
from dataclasses import asdict

from gateway.clients.diffusion import DiffusionClient, Manifest, Restyling, Tier
from gateway.jobs import object_keys, request
from gateway.jobs.request import JobRequest
from gateway.jobs.result import AttemptRecord, JobResult, ModelUsed
from gateway.jobs.stage import Stage
from gateway.jobs.stage_cache import StageCache
from gateway.worker.pipeline.artifacts import StoredArtifacts, store_artifacts
from gateway.worker.pipeline.group_look import GroupLook
from gateway.worker.pipeline.keep_mask import kept_region, removed_region
from gateway.worker.pipeline.photo_analysis import AnalysisOutput, AnalysisStage, room_type
from gateway.worker.pipeline.progress_reporter import ProgressReporter, reporting
from gateway.worker.pipeline.restyling import JudgedResult, RestylingStage
from gateway.worker.pipeline.retry import with_retries
from gateway.worker.pipeline.run import Run
from gateway.worker.pipeline.stopwatch import Stopwatch
from servicekit.jobstore import Claim, JobStatus
from servicekit.storage import ObjectStore


class Pipeline:
    """Load, analyse, restyle, store."""

    def __init__(
        self,
        *,
        analysis_stage: AnalysisStage,
        restyling_stage: RestylingStage,
        look: GroupLook,
        diffusion: DiffusionClient,
        store: ObjectStore,
        cache: StageCache,
        previews: int,
        tier: Tier,
        device_usd_per_hour: float,
    ) -> None:
        self._analysis_stage = analysis_stage
        self._restyling_stage = restyling_stage
        self._look = look
        self._diffusion = diffusion
        self._store = store
        self._cache = cache
        self._previews = previews
        self._tier = tier
        self._price = device_usd_per_hour

    async def run(self, claim: Claim) -> JobResult:
        """Does the job; raises ServiceError with a public reason, Superseded, Cancelled."""
        job = request.decode(claim.job.payload)
        async with reporting(claim, style=job.style) as reporter:
            return await self._work(await self._start(claim, job, reporter))

    async def _work(self, run: Run) -> JobResult:
        analysis = await self._analysis_stage.analyse(run)
        attempts = await self._restyling_stage.restyle(run, await self._restyling(run, analysis))
        run.reporter.stage(JobStatus.FINALIZING)
        stored = await store_artifacts(run, self._store, results=attempts[0].restyled.jpegs, maps=analysis.room.maps)
        await self._look.offer(run, stored.transformed[0])
        await self._cache.flush()
        run.reporter.stage(JobStatus.FINALIZING, share=1.0)
        return self._result(run, analysis, attempts, stored)

    async def _start(self, claim: Claim, job: JobRequest, reporter: ProgressReporter) -> Run:
        stopwatch = Stopwatch()
        reporter.stage(JobStatus.ANALYZING)
        with stopwatch.measure(Stage.LOAD):
            photo = await self._load(claim, object_keys.original(claim.job.job_id))
            style_image = (
                await self._load(claim, object_keys.style_image(claim.job.job_id)) if job.style_image_digest else b""
            )
        return Run(
            claim=claim, request=job, photo=photo, style_image=style_image, reporter=reporter, stopwatch=stopwatch
        )

    async def _load(self, claim: Claim, key: str) -> bytes:
        return await with_retries(lambda: self._store.get(key), seconds_left=lambda: claim.seconds_left)

    async def _restyling(self, run: Run, analysis: AnalysisOutput) -> Restyling:
        preferences = run.request.preferences
        return Restyling(
            photo=run.photo,
            style=run.request.style,
            room_type=await self._look.room_type(run, room_type(preferences, analysis.room)),
            maps=analysis.room.maps,
            keep=await kept_region(run, analysis.detections),
            palette=preferences.color_palette,
            strength=preferences.strength,
            seed=preferences.seed,
            variants=preferences.variants,
            tier=self._tier,
            previews=0 if preferences.corrections else self._previews,  # as they would come with the result
            mode=preferences.mode,
            remove=await removed_region(run, analysis.detections),
            repaint_openings=preferences.repaint_openings,
            style_image=await self._style_image(run),
            corrections=preferences.corrections,
            surfaces=preferences.surfaces,
        )

    async def _style_image(self, run: Run) -> bytes:
        if not run.request.preferences.group:
            return run.style_image
        engine = await run.with_retries(lambda: self._diffusion.catalogue(seconds=run.seconds_left))
        return await self._look.style_image(run, engine)

    def _result(
        self, run: Run, analysis: AnalysisOutput, attempts: Sequence[JudgedResult], stored: StoredArtifacts
    ) -> JobResult:
        best = attempts[0].restyled.manifest
        painted = {surface.label for surface in best.surfaces if surface.material}
        missing = (name for name in run.request.preferences.surfaces if name not in painted)
        run.warnings.extend(f"The photo shows no {name} that could be repainted." for name in missing)
        device_seconds = sum(attempt.restyled.manifest.device_seconds for attempt in attempts)
        return JobResult(
            style=run.request.style,
            original_key=object_keys.original(run.job_id),
            transformed_keys=stored.transformed,
            thumbnail_key=stored.thumbnail,
            before_after_key=stored.before_after,
            control_map_keys=stored.control_maps,
            detections=analysis.detections.objects,
            room_type=analysis.room.room_type,
            room_probability=analysis.room.room_probability,
            engine=best.engine.name,
            models=_models(analysis, best),
            seed=best.seed,
            strength=best.strength,
            surfaces=best.surfaces,
            palette_delta_e=best.palette_delta_e,
            quality=asdict(attempts[0].quality),
            attempts=tuple(
                AttemptRecord(seed=attempt.restyled.manifest.seed, quality=asdict(attempt.quality))
                for attempt in attempts
            ),
            stage_seconds=run.stopwatch.by_stage,
            processing_seconds=run.stopwatch.total,
            device_seconds=device_seconds,
            estimated_cost_usd=0.0 if best.engine.name == "lite" else device_seconds * self._price / 3600,
            warnings=tuple(run.warnings),
            mode=run.request.preferences.mode,
            group=run.request.preferences.group,
            style_image_key=object_keys.style_image(run.job_id) if run.style_image else "",
            style_image_palette=best.style_image_palette,
            safety_checked=best.safety_checked,
            corrections=best.corrections,
        )


def _models(analysis: AnalysisOutput, best: Manifest) -> tuple[ModelUsed, ...]:
    """Every model that took part, once, in the order of use."""
    engines = (analysis.room.engine, analysis.detections.engine, best.engine)
    used = (
        ModelUsed(name=model.name, revision=model.revision, licence=model.licence)
        for engine in engines
        for model in engine.models
    )
    return tuple(dict.fromkeys(used))
