"""What a photo shows, in one answer."""

import base64
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.auth import Caller, Scope
from gateway.api.auth.admission import Admission
from gateway.api.http import problem
from gateway.api.http.authorization import SECURED, admits
from gateway.api.http.form_receiver import FormReceiver
from gateway.api.http.responses import Detection, Rounded
from gateway.api.limits import Cost
from gateway.api.photo_analysis import PhotoAnalysis, PhotoAnalyzer
from gateway.api.uploads.header import FIELD as PHOTO

_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [PHOTO],
                    "additionalProperties": False,
                    "properties": {
                        PHOTO: {"type": "string", "format": "binary", "description": "As for a submission."}
                    },
                }
            }
        },
    }
}
_EXAMPLE: Final[dict[str, Any]] = {
    "success": True,
    "data": {
        "room_type": "living_room",
        "probability": 0.91,
        "is_room": True,
        "room_probability": 0.98,
        "rooms": {"living_room": 0.91, "dining_room": 0.05, "office": 0.04},
        "detections": [
            {
                "id": "sofa-1",
                "label": "sofa",
                "confidence": 0.94,
                "box": [112.0, 320.5, 498.0, 611.0],
                "mask": "iVBORw0KGgo=",
            }
        ],
        "width": 1024,
        "height": 768,
        "photo": "/9j/4AAQSkZJRg==",
    },
}


class AnalyzedObject(Detection):
    """A thing found in the photo, and where exactly."""

    mask: str | None = Field(
        description="Where asked for: a PNG of the analysed photo's size in base64, white where the thing is.",
        json_schema_extra={"contentEncoding": "base64", "contentMediaType": "image/png"},
    )


class AnalysisData(BaseModel):
    """What a photo shows."""

    room_type: str
    probability: Rounded = Field(description="Of `room_type`, 0–1.")
    is_room: bool
    room_probability: Rounded = Field(description="That the photo shows a room at all, 0–1.")
    rooms: dict[str, Rounded] = Field(description="Every room type with its probability, most probable first.")
    detections: list[AnalyzedObject]
    width: int = Field(description="Of the analysed photo, which boxes refer to.")
    height: int
    photo: str | None = Field(
        description="Where asked for: the analysed photo as a JPEG in base64.",
        json_schema_extra={"contentEncoding": "base64", "contentMediaType": "image/jpeg"},
    )


class AnalysisAnswer(BaseModel):
    """The analysis."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    success: bool = True
    data: AnalysisData


def router(analyzer: PhotoAnalyzer, receiver: FormReceiver, admission: Admission) -> APIRouter:
    """The endpoint."""
    submits = Depends(admits(admission, Scope.SUBMIT, Cost.ANALYZE))
    routes = APIRouter(tags=["analyze"])

    @routes.post(
        "/analyze",
        summary="What a photo shows",
        openapi_extra=_FORM | SECURED,
        responses=problem.documented(400, 401, 403, 408, 413, 415, 422, 429, 503),
    )
    async def analyze(
        request: Request,
        caller: Annotated[Caller, submits],
        masks: Annotated[bool, Query(description="Whether each detection comes with its mask.")] = False,
        photo: Annotated[
            bool,
            Query(description="Whether the photo comes back upright and as a JPEG, as for browsers that show no HEIC."),
        ] = False,
    ) -> AnalysisAnswer:
        """Room type with probability and the things in the room, without a job."""
        async with receiver.photo(request, caller) as form:
            analysis = await analyzer.analyze(form[PHOTO], caller, masks=masks)
        return AnalysisAnswer(data=_data(analysis, with_photo=photo))

    return routes


def _data(analysis: PhotoAnalysis, *, with_photo: bool) -> AnalysisData:
    room = analysis.room
    return AnalysisData(
        room_type=room.room_type,
        probability=room.rooms.get(room.room_type, 0.0),
        is_room=room.is_room,
        room_probability=room.room_probability,
        rooms={kind.value: probability for kind, probability in room.rooms.items()},
        detections=[
            AnalyzedObject(
                id=found.id,
                label=found.label,
                confidence=found.confidence,
                box=found.box,
                mask=_base64(analysis.detections.masks.get(found.id)),
            )
            for found in analysis.detections.objects
        ],
        width=analysis.width,
        height=analysis.height,
        photo=_base64(analysis.jpeg) if with_photo else None,
    )


def _base64(data: bytes | None) -> str | None:
    return base64.b64encode(data).decode() if data else None
