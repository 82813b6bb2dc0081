"""The gRPC face of controlmaps: convert, delegate, convert."""

import asyncio

import grpc

from controlmaps import convert
from controlmaps.pipeline import Pipeline
from modomo.controlmaps.v1 import control_maps_service_pb2 as pb
from modomo.controlmaps.v1.control_maps_service_pb2_grpc import ControlMapsServiceServicer
from servicekit.inference.engine import info_to_proto


class ControlMapsServicer(ControlMapsServiceServicer):
    """Answers ControlMapsService."""

    def __init__(self, pipeline: Pipeline, *, room_threshold: float) -> None:
        """`room_threshold` is the least probability at which a photo is called a room."""
        self._pipeline = pipeline
        self._room_threshold = room_threshold

    async def Classify(  # noqa: N802 - the generated base is the synchronous one; its name
        self, request: pb.ClassifyRequest, context: grpc.aio.ServicerContext[pb.ClassifyRequest, pb.ClassifyResponse]
    ) -> pb.ClassifyResponse:
        """Says what kind of room a photo shows."""
        photo = await asyncio.to_thread(convert.photo, request)
        found = await self._pipeline.classify(photo)
        return pb.ClassifyResponse(
            rooms=convert.rooms(found),
            room_probability=found.room_probability,
            is_room=found.room_probability >= self._room_threshold,
            engine=info_to_proto(self._pipeline.engine.info),
        )

    async def Generate(  # noqa: N802 - as above
        self, request: pb.GenerateRequest, context: grpc.aio.ServicerContext[pb.GenerateRequest, pb.GenerateResponse]
    ) -> pb.GenerateResponse:
        """Draws control maps."""
        kinds = convert.kinds(request)
        photo = await asyncio.to_thread(convert.photo, request)
        drawn = await self._pipeline.generate(photo, kinds)
        maps = await asyncio.gather(*(asyncio.to_thread(convert.control_map, one) for one in drawn))
        return pb.GenerateResponse(maps=maps, engine=info_to_proto(self._pipeline.engine.info))

    async def Assess(  # noqa: N802 - as above
        self, request: pb.AssessRequest, context: grpc.aio.ServicerContext[pb.AssessRequest, pb.AssessResponse]
    ) -> pb.AssessResponse:
        """Scores a restyled photo."""
        palette = convert.palette(request)
        pair = await asyncio.to_thread(convert.pair, request, palette)
        quality = await self._pipeline.assess(pair)
        return convert.quality(quality, self._pipeline.engine.info)
