"""TransformService's messages to the gateway's values and back."""

import dataclasses
import json
from typing import Any, Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.api.links import ResultLinks
from gateway.api.public_address import absolute
from gateway.api.submission import Submission
from gateway.api.transformations import JobView
from gateway.api.uploads import preferences, style_image
from gateway.jobs.request import Preferences
from modomo.transform.v1 import transform_service_pb2 as pb
from modomo.type.v1.engine_pb2 import Model
from modomo.type.v1.geometry_pb2 import Box
from servicekit.errors import InvalidArgument
from servicekit.jobstore import Event, Priority
from servicekit.jobstore.event_proto import event_to_proto, status_to_proto
from servicekit.types.corrections import applied_to_proto, correction_from_proto
from servicekit.types.modes import mode_from_proto, mode_to_proto
from servicekit.types.rooms import room_type_from_proto, room_type_to_proto

_FLOAT_DIGITS: Final = 6
"""What a 32-bit float holds: 0.8 stays 0.8."""


def submission(request: pb.SubmitRequest, *, max_bytes: int) -> Submission:
    """What the caller sends; raises InvalidArgument naming the field."""
    for field, picture in (("image", request.image), (style_image.FIELD, request.style_image)):
        if len(picture) > max_bytes:
            message = f"{field} has more than {max_bytes // 2**20} MB."
            raise InvalidArgument("UPLOAD_TOO_LARGE", message, field=field)
    style_image.check_size(request.image, request.style_image, max_bytes=max_bytes)
    return Submission(
        photo=request.image,
        style_image=request.style_image or None,
        style=request.style,
        preferences=parse_preferences(request.preferences),
        idempotency_key=request.idempotency_key,
        webhook_url=request.webhook_url,
        priority=Priority.BATCH if request.batch else Priority.INTERACTIVE,
    )


def parse_preferences(message: pb.Preferences) -> Preferences:
    """What the caller prefers, held to the same rules as over HTTP; raises InvalidArgument naming the field."""
    values: dict[str, Any] = {
        "keep_furniture": message.keep_furniture,
        "color_palette": list(message.color_palette),
        "variants": message.variants or 1,
        "keep": list(message.keep),
        "require_room": message.require_room,
        "repaint_openings": message.repaint_openings,
    }
    try:
        corrections = [dataclasses.asdict(correction_from_proto(one)) for one in message.corrections]
    except ValueError as error:
        problem = "preferences.corrections have x and y in 0–1 and a label that is known."
        raise InvalidArgument("FIELD_INVALID", problem, field="preferences.corrections") from error
    values |= {"corrections": corrections} if corrections else {}
    values |= {"surfaces": dict(message.surfaces)} if message.surfaces else {}
    try:
        values["mode"] = mode_from_proto(message.mode)
    except ValueError as error:
        problem = "preferences.mode is none that is known."
        raise InvalidArgument("FIELD_INVALID", problem, field="preferences.mode") from error
    if message.group:
        values["group"] = message.group
    try:
        room_type = room_type_from_proto(message.room_type)
    except ValueError as error:
        problem = "preferences.room_type is of an unknown kind."
        raise InvalidArgument("FIELD_INVALID", problem, field="preferences.room_type") from error
    if room_type:
        values["room_type"] = room_type
    if message.HasField("strength"):
        values["strength"] = round(message.strength, _FLOAT_DIGITS)
    if message.HasField("seed"):
        values["seed"] = message.seed
    return preferences.parse(json.dumps(values).encode())


def estimate(seconds: float) -> Duration:
    """Seconds on the wire, to the millisecond."""
    duration = Duration()
    duration.FromMilliseconds(round(seconds * 1000))
    return duration


def job(view: JobView, *, base: str) -> pb.Job:
    """A job on the wire; links that begin with `/` are completed by `base`."""
    record = view.job
    created_at, expires_at = Timestamp(), Timestamp()
    created_at.FromDatetime(record.created_at)
    expires_at.FromDatetime(record.expires_at)
    return pb.Job(
        job_id=record.job_id,
        status=status_to_proto(record.status),
        progress=record.progress,
        created_at=created_at,
        expires_at=expires_at,
        queue_position=record.queue_position,
        result=result(view.result, base=base) if view.result else None,
        error=view.error.message if view.error else "",
    )


def result(links: ResultLinks, *, base: str) -> pb.JobResult:
    """What a job made, on the wire."""
    record = links.record
    return pb.JobResult(
        transformed_urls=[absolute(base, link) for link in links.transformed],
        thumbnail_url=absolute(base, links.thumbnail),
        original_url=absolute(base, links.original),
        before_after_url=absolute(base, links.before_after),
        control_map_urls={kind: absolute(base, link) for kind, link in links.control_maps.items()},
        detections=[
            pb.DetectedObject(
                id=found.id,
                label=found.label,
                confidence=found.confidence,
                box=Box(left=found.box[0], top=found.box[1], right=found.box[2], bottom=found.box[3]),
            )
            for found in record.detections
        ],
        quality_score=record.quality.get("overall", 0.0),
        quality=record.quality,
        stage_seconds=record.stage_seconds,
        seed=record.seed,
        engine=record.engine,
        room_type=room_type_to_proto(record.room_type),
        warnings=record.warnings,
        models=[Model(name=one.name, revision=one.revision, licence=one.licence) for one in record.models],
        mode=mode_to_proto(record.mode),
        style_image_url=absolute(base, links.style_image) if links.style_image else "",
        group=record.group,
        corrections=[applied_to_proto(one) for one in record.corrections],
    )


def watch_response(event: Event, *, preview_url: str) -> pb.WatchResponse:
    """One event on the wire, without what only our own services can use."""
    public = dataclasses.replace(event, preview_key="", traceparent="")
    return pb.WatchResponse(event=event_to_proto(public), preview_url=preview_url)
