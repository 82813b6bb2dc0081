"""What the endpoints answer: the names of the HTTP contract, and how a job's record becomes them."""

import math
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from gateway.api.http import examples
from gateway.api.http.problem import Code
from gateway.api.http.stream_access import StreamLinks
from gateway.api.links import ResultLinks
from gateway.api.public_address import absolute
from gateway.api.transformations import JobView
from gateway.jobs.status_presentation import STATUS_PRESENTATIONS
from servicekit.jobstore import JobStatus
from servicekit.types.corrections import CorrectionLabel


def _to_the_second(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


Moment = Annotated[datetime, PlainSerializer(_to_the_second, return_type=str)]
"""`2025-11-12T10:30:45Z`."""

Rounded = Annotated[float, PlainSerializer(lambda value: round(value, 4), return_type=float)]
"""To four places: what more a model says is noise."""


_WEBSOCKET: Final = (
    "The job's events; append `?after=SEQ` to go on after an event. Where keys are asked for, it holds a ticket that "
    "is good for one use within a minute: every status has a fresh one."
)
_EVENTS: Final = "The same as Server-Sent Events, with a ticket likewise."
_SHARE: Final = (
    "Whoever has it may look at this job, and do nothing else: GET /transform/shared/{job_id}, and the page at "
    "`/?job=…&share=…`. Null where no keys are asked for."
)


class JobWord(StrEnum):
    """The coarse word of the polled status."""

    QUEUED = "queued"
    ANALYZING = "analyzing"
    GENERATING = "generating"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def stages(self) -> frozenset[JobStatus]:
        """The exact stages that it stands for."""
        return frozenset(stage for stage, shown in STATUS_PRESENTATIONS.items() if shown.word == self)


Box = Annotated[
    tuple[Rounded, Rounded, Rounded, Rounded],
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}),
]


class Submitted(BaseModel):
    """A job was accepted; it will not be lost."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SUBMITTED]})

    success: bool = True
    job_id: str
    estimated_time: int = Field(description="Seconds, from measured recent jobs and the queue's length.")
    websocket_url: str = Field(description=_WEBSOCKET)
    events_url: str = Field(description=_EVENTS)
    share_token: str | None = Field(description=_SHARE)
    status_url: str


class Detection(BaseModel):
    """A thing found in the photo."""

    id: str = Field(description="For `preferences.keep`, `sofa-1`.")
    label: str
    confidence: Rounded = Field(description="0–1.")
    box: Box = Field(description="Left, top, right, bottom in pixels of the stored original.")


class Model(BaseModel):
    """A model that took part."""

    name: str
    revision: str
    licence: str | None = Field(
        description="Of the model; null where none is known. Some restrict uses of the pictures."
    )


class Surface(BaseModel):
    """A surface that was repainted, or left alone (no material)."""

    label: str
    area: Rounded = Field(description="Share of the picture, 0–1.")
    confidence: Rounded = Field(description="0–1.")
    material: str


class AppliedCorrection(BaseModel):
    """A correction as it was understood."""

    x: Rounded = Field(description="0–1, from the left.")
    y: Rounded = Field(description="0–1, from the top.")
    label: CorrectionLabel
    area: Rounded = Field(description="Share of the picture that it was taken for, 0–1.")


class Attempt(BaseModel):
    """A result that was made and judged."""

    seed: int
    quality: dict[str, Rounded] = Field(description="Every score, 0–1.")


class Metadata(BaseModel):
    """How a result came to be."""

    style: str
    processing_time: Rounded = Field(description="Seconds from the start of the work to its end.")
    quality_score: Rounded = Field(description="0–1.")
    engine: str
    seed: int
    strength: Rounded
    room_type: str
    room_probability: Rounded
    models: list[Model]
    stage_seconds: dict[str, Rounded]
    quality: dict[str, Rounded] = Field(description="Every score, 0–1.")
    surfaces: list[Surface]
    palette_delta_e: Rounded | None
    gpu_seconds: Rounded
    estimated_cost_usd: float
    mode: str = Field(description="restyle, stage or declutter.")
    group: str | None = Field(description="The word for photos of one room; null without one.")
    style_image_palette: list[str] = Field(
        description="Colours that were taken from `style_image`; empty without one, and where its look was taken whole."
    )
    corrections: list[AppliedCorrection] = Field(description="Those of the request, and what each was taken for.")
    safety_checked: bool = Field(description="Whether the pictures passed a safety check.")
    attempts: list[Attempt] = Field(description="All that were made, the one that was taken first.")
    warnings: list[str]


class Result(BaseModel):
    """What a completed job made. Links expire; ask for the status again to get fresh ones."""

    transformed_url: str
    transformed_urls: list[str] = Field(description="One a variant; the first is `transformed_url`.")
    thumbnail_url: str
    original_url: str
    before_after_url: str
    download_urls: list[str] = Field(
        description="As `transformed_urls`, but browsers save what they lead to as a file."
    )
    before_after_download_url: str
    style_image_url: str | None = Field(description="The picture whose look was wanted, as stored; null for none.")
    control_maps: dict[str, str] = Field(description="Links by kind.")
    detections: list[Detection]
    metadata: Metadata


class JobStatusData(BaseModel):
    """Where a job is."""

    job_id: str
    status: JobWord
    progress: Rounded = Field(description="0–1, never goes down.")
    estimated_time_remaining: int = Field(description="Seconds.")
    result: Result | None = Field(description="Null until completed.")
    error: str | None = Field(description="For people; null unless failed.")
    error_code: Code | None = Field(description="For programs; null unless failed.")
    stage: JobStatus = Field(description="The exact stage, as events name it.")
    queue_position: int | None = Field(description="1 for the next in line; null once it does not wait.")
    created_at: Moment
    expires_at: Moment = Field(description="When the job and its pictures are deleted.")
    preview_url: str | None = Field(description="A look at the unfinished result.")
    websocket_url: str = Field(description=_WEBSOCKET)
    events_url: str = Field(description=_EVENTS)
    share_token: str | None = Field(description=_SHARE)


class JobStatusAnswer(BaseModel):
    """The polled status."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.STATUS]})

    success: bool = True
    data: JobStatusData


class JobsAnswer(BaseModel):
    """Jobs of the caller's, newest first."""

    success: bool = True
    data: list[JobStatusData]
    next_cursor: str | None = Field(description="Where the next page begins; null where there is none.")


class Cancelled(BaseModel):
    """The job was cancelled, now or before; or deleted, where that was asked for."""

    success: bool = True
    message: str = "Job cancelled successfully"


def status(view: JobView, base: str, follow: StreamLinks) -> JobStatusAnswer:
    """The polled status of a job, with links below `base`."""
    return JobStatusAnswer(data=status_data(view, base, follow))


def status_data(view: JobView, base: str, follow: StreamLinks) -> JobStatusData:
    """Where a job is, with links below `base`."""
    job = view.job
    return JobStatusData(
        job_id=job.job_id,
        status=JobWord(STATUS_PRESENTATIONS[job.status].word),
        progress=job.progress,
        estimated_time_remaining=math.ceil(view.remaining_seconds),
        result=result(view.result, base) if view.result else None,
        error=view.error.message if view.error else None,
        error_code=view.error.code if view.error else None,
        stage=job.status,
        queue_position=job.queue_position or None,
        created_at=job.created_at,
        expires_at=job.expires_at,
        preview_url=absolute(base, view.preview) if view.preview else None,
        websocket_url=follow.websocket_url,
        events_url=follow.events_url,
        share_token=follow.share_token or None,
    )


def result(links: ResultLinks, base: str) -> Result:
    """What a job made, with links below `base`."""
    record = links.record
    transformed = [absolute(base, link) for link in links.transformed]
    return Result(
        transformed_url=transformed[0],
        transformed_urls=transformed,
        thumbnail_url=absolute(base, links.thumbnail),
        original_url=absolute(base, links.original),
        before_after_url=absolute(base, links.before_after),
        download_urls=[absolute(base, link) for link in links.downloads],
        before_after_download_url=absolute(base, links.before_after_download),
        style_image_url=absolute(base, links.style_image) if links.style_image else None,
        control_maps={kind: absolute(base, link) for kind, link in links.control_maps.items()},
        detections=[
            Detection(id=found.id, label=found.label, confidence=found.confidence, box=found.box)
            for found in record.detections
        ],
        metadata=Metadata(
            style=record.style,
            processing_time=record.processing_seconds,
            quality_score=record.quality.get("overall", 0.0),
            engine=record.engine,
            seed=record.seed,
            strength=record.strength,
            room_type=record.room_type,
            room_probability=record.room_probability,
            models=[
                Model(name=model.name, revision=model.revision, licence=model.licence or None)
                for model in record.models
            ],
            mode=record.mode,
            group=record.group or None,
            style_image_palette=list(record.style_image_palette),
            corrections=[
                AppliedCorrection(x=one.correction.x, y=one.correction.y, label=one.correction.label, area=one.area)
                for one in record.corrections
            ],
            safety_checked=record.safety_checked,
            stage_seconds=dict(record.stage_seconds),
            quality=dict(record.quality),
            surfaces=[
                Surface(label=one.label, area=one.area, confidence=one.confidence, material=one.material)
                for one in record.surfaces
            ],
            palette_delta_e=record.palette_delta_e,
            gpu_seconds=record.device_seconds,
            estimated_cost_usd=record.estimated_cost_usd,
            attempts=[Attempt(seed=one.seed, quality=dict(one.quality)) for one in record.attempts],
            warnings=list(record.warnings),
        ),
    )
