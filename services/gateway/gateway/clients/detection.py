"""The detection service as a plain async call."""

from dataclasses import dataclass

import grpc

from gateway.clients.calls import translated
from gateway.clients.messages import jpeg
from modomo.detection.v1 import detection_service_pb2 as pb
from modomo.detection.v1.detection_service_pb2_grpc import DetectionServiceStub
from servicekit.inference.engine import EngineInfo, info_from_proto


@dataclass(frozen=True, kw_only=True)
class DetectedObject:
    """A thing in a photo."""

    id: str
    """`sofa-1`."""
    label: str
    """A word of servicekit.types.vocabulary.ObjectLabel, or one that a newer service knows."""
    confidence: float
    """0–1."""
    box: tuple[float, float, float, float]
    """Left, top, right, bottom in pixels of the photo."""
    mask: bytes
    """PNG of 1 bit and the photo's size; empty where masks were not asked for."""


@dataclass(frozen=True, kw_only=True)
class Detections:
    """What was found, most confident first."""

    objects: tuple[DetectedObject, ...]
    engine: EngineInfo


class DetectionClient:
    """Calls DetectionService. Failures are servicekit.errors.ServiceError."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = DetectionServiceStub(channel)

    async def detect(self, photo: bytes, *, masks: bool, seconds: float) -> Detections:
        """All objects in a JPEG; `seconds` become the deadline of the call."""
        request = pb.DetectRequest(image=jpeg(photo), masks=masks)
        with translated("detection"):
            response = await self._stub.Detect(request, timeout=seconds)
        return Detections(
            objects=tuple(_object(found) for found in response.detections), engine=info_from_proto(response.engine)
        )


def _object(found: pb.Detection) -> DetectedObject:
    return DetectedObject(
        id=found.id,
        label=found.label,
        confidence=found.confidence,
        box=(found.box.left, found.box.top, found.box.right, found.box.bottom),
        mask=found.mask.png,
    )
