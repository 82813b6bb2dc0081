"""The gRPC face of controlmaps: convert, delegate, convert."""

import asyncio
from typing import Any, TypeAlias

import grpc

from controlmaps import convert
from controlmaps.pipeline import Pipeline
from modomo.controlmaps.v1 import control_maps_service_pb2 as pb
from modomo.controlmaps.v1.control_maps_service_pb2_grpc import ControlMapsServiceServicer
from servicekit.inference.engine import info_to_proto

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]


class ControlMapsServicer(ControlMapsServiceServicer):
    """Answers ControlMapsService."""

    def __init__(self, pipeline: Pipeline, *, room_threshold: float) -> None:
        """`room_threshold` is the least probability at which a photo is called a room."""
        self._pipeline = pipeline
        self._room_threshold = room_threshold

    async def Analyze(self, request: pb.AnalyzeRequest, context: Context) -> pb.AnalyzeResponse:  # noqa: N802 - the RPC's name
        """Says what kind of room a photo shows, and draws control maps."""
        kinds = convert.kinds(request)
        photo = await asyncio.to_thread(convert.photo, request)
        found, drawn = await self._pipeline.analyze(photo, kinds)
        return pb.AnalyzeResponse(
            rooms=convert.rooms(found),
            room_probability=found.room_probability,
            is_room=found.room_probability >= self._room_threshold,
            maps=await asyncio.gather(*(asyncio.to_thread(convert.control_map, one) for one in drawn)),
            engine=info_to_proto(self._pipeline.engine.info),
        )

    async def Classify(self, request: pb.ClassifyRequest, context: Context) -> pb.ClassifyResponse:  # noqa: N802 - as above
        """The rooms of Analyze, for callers of the release before it."""
        found = await self.Analyze(pb.AnalyzeRequest(image=request.image, rooms_only=True), context)
        return pb.ClassifyResponse(
            rooms=found.rooms, room_probability=found.room_probability, is_room=found.is_room, engine=found.engine
        )

    async def Generate(self, request: pb.GenerateRequest, context: Context) -> pb.GenerateResponse:  # noqa: N802 - as above
        """The maps of Analyze, as above."""
        found = await self.Analyze(pb.AnalyzeRequest(image=request.image, kinds=request.kinds), context)
        return pb.GenerateResponse(maps=found.maps, engine=found.engine)

    async def Assess(self, request: pb.AssessRequest, context: Context) -> pb.AssessResponse:  # noqa: N802 - as above
        """Scores a restyled photo."""
        palette = convert.palette(request)
        pair = await asyncio.to_thread(convert.pair, request, palette, with_maps=self._pipeline.takes_maps)
        quality = await self._pipeline.assess(pair)
        return convert.quality(quality, self._pipeline.engine.info)
