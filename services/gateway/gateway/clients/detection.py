"""The detection service as a plain async call."""

from collections.abc import Mapping
from dataclasses import dataclass

import grpc

from gateway.clients.calls import translated
from gateway.clients.messages import jpeg
from modomo.detection.v1 import detection_service_pb2 as pb
from modomo.detection.v1.detection_service_pb2_grpc import DetectionServiceStub
from servicekit.inference.engine import EngineInfo, info_from_proto
from servicekit.types.objects import DetectedObject, object_from_proto


@dataclass(frozen=True, kw_only=True)
class Detections:
    """What was found, most confident first."""

    objects: tuple[DetectedObject, ...]

    masks: Mapping[str, bytes]
    """PNGs of 1 bit and the photo's size, by the object's id; none where they were not asked for."""

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
            objects=tuple(object_from_proto(found) for found in response.detections),
            masks={found.id: found.mask.png for found in response.detections if found.mask.png},
            engine=info_from_proto(response.engine),
        )
