"""The gRPC face of detection: convert, delegate, convert."""

import asyncio

import grpc

from detection import convert
from detection.pipeline import Pipeline
from modomo.detection.v1 import detection_service_pb2 as pb
from modomo.detection.v1.detection_service_pb2_grpc import DetectionServiceServicer
from servicekit.inference.engine import info_to_proto


class DetectionServicer(DetectionServiceServicer):
    """Answers DetectionService."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    async def Detect(  # noqa: N802 - the generated base is the synchronous one; its name
        self, request: pb.DetectRequest, context: grpc.aio.ServicerContext[pb.DetectRequest, pb.DetectResponse]
    ) -> pb.DetectResponse:
        """Finds furniture and fixtures."""
        query = convert.query(request)
        photo = await asyncio.to_thread(convert.photo, request)
        found = await self._pipeline.detect(photo, query)
        detections = await asyncio.to_thread(lambda: [convert.detection(*item) for item in found.objects.items()])
        return pb.DetectResponse(detections=detections, engine=info_to_proto(found.engine))
