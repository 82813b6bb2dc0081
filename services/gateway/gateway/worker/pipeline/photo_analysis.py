"""Analysing a photo: its room, its control maps and its objects, asked for at once."""

import hashlib
from dataclasses import dataclass
from typing import Final

from gateway.clients.controlmaps import ControlMapsClient, RoomAnalysis
from gateway.clients.detection import DetectionClient, Detections
from gateway.jobs.request import Preferences
from gateway.jobs.stage import Stage
from gateway.jobs.stage_cache import StageCache
from gateway.worker.pipeline.fail_fast import fail_fast
from gateway.worker.pipeline.keep_mask import needs_masks
from gateway.worker.pipeline.run import Run
from servicekit.errors import FailedPrecondition
from servicekit.jobstore import JobStatus
from servicekit.types.rooms import RoomType

_WITHOUT_MASKS: Final = hashlib.sha256(b"without masks").hexdigest()
"""Names cache entries that are no answer for a job which uses masks."""


@dataclass(frozen=True, kw_only=True)
class AnalysisOutput:
    """What is known of a photo."""

    room: RoomAnalysis
    detections: Detections


class AnalysisStage:
    """Asks the services."""

    def __init__(self, *, detection: DetectionClient, controlmaps: ControlMapsClient, cache: StageCache) -> None:
        self._detection = detection
        self._controlmaps = controlmaps
        self._cache = cache

    async def analyse(self, run: Run) -> AnalysisOutput:
        """Raises ServiceError; FailedPrecondition NOT_A_ROOM where the caller wants a room and there is none.

        Both calls run at once; the stages are told in their fixed order as the answers are in.
        """
        async with fail_fast() as group:
            detections = group.create_task(self._detect(run))
            room = await self._analyze(run)
            _check_room(run, room)
            run.reporter.stage(JobStatus.ANALYZING, share=1.0)
            run.reporter.stage(JobStatus.DETECTING)
        run.reporter.stage(JobStatus.GENERATING)
        run.reporter.stage(JobStatus.GENERATING, share=1.0)
        return AnalysisOutput(room=room, detections=detections.result())

    async def _analyze(self, run: Run) -> RoomAnalysis:
        with run.stopwatch.measure(Stage.ANALYZE):
            return await self._cache.get_or_make(
                Stage.ANALYZE,
                run.photo_id,
                RoomAnalysis,
                lambda: run.with_retries(lambda: self._controlmaps.analyze(run.photo, seconds=run.seconds_left)),
            )

    async def _detect(self, run: Run) -> Detections:
        """With masks only where the job uses them: without a GPU they take more time than all else of the analysis."""
        masks = needs_masks(run.request.preferences)
        with run.stopwatch.measure(Stage.DETECT):
            return await self._cache.get_or_make(
                Stage.DETECT,
                run.photo_id,
                Detections,
                lambda: run.with_retries(
                    lambda: self._detection.detect(run.photo, masks=masks, seconds=run.seconds_left)
                ),
                digest="" if masks else _WITHOUT_MASKS,
            )


def room_type(asked: Preferences, room: RoomAnalysis) -> RoomType | None:
    """What the room is restyled as: what the caller says, else what it was taken for, if it was."""
    return asked.room_type or (room.room_type if room.is_room else None)


def _check_room(run: Run, room: RoomAnalysis) -> None:
    if room.is_room:
        return
    if run.request.preferences.require_room:
        raise FailedPrecondition("NOT_A_ROOM", "This photo does not seem to show a room.")
    run.warnings.append("This photo does not seem to show a room, so the result may disappoint.")
