"""The controlmaps service as plain async calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import grpc

from gateway.clients.calls import translated
from gateway.clients.messages import jpeg, png, room_type
from modomo.controlmaps.v1 import control_maps_service_pb2 as pb
from modomo.controlmaps.v1.control_maps_service_pb2_grpc import ControlMapsServiceStub
from modomo.type.v1.control_map_pb2 import ControlMap
from modomo.type.v1.image_pb2 import Mask
from servicekit.inference.engine import EngineInfo, info_from_proto
from servicekit.types.control_maps import MapKind, map_kind_from_proto, map_kind_to_proto
from servicekit.types.rooms import RoomType


@dataclass(frozen=True, kw_only=True)
class RoomAnalysis:
    """What controlmaps says of a photo."""

    rooms: Mapping[RoomType, float]
    """Probability of every type, most probable first; they sum to 1."""
    room_probability: float
    """That it shows a room at all, 0–1."""
    is_room: bool
    """Whether that is enough to go on."""
    maps: Mapping[MapKind, bytes]
    """PNGs of the photo's size; empty where rooms alone were asked for."""
    engine: EngineInfo

    @property
    def room_type(self) -> RoomType:
        """The most probable type; `other` where none was named."""
        return next(iter(self.rooms), RoomType.OTHER)


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How good a restyled photo is; each score in 0–1, 1 is best."""

    structure: float
    palette: float
    keep: float
    sharpness: float
    overall: float


class ControlMapsClient:
    """Calls ControlMapsService; `seconds` become the deadline of a call. Failures are ServiceError."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = ControlMapsServiceStub(channel)

    async def analyze(self, photo: bytes, *, rooms_only: bool = False, seconds: float) -> RoomAnalysis:
        """Rooms and, unless only those are wanted, all control maps of a JPEG; kinds unknown here are left out."""
        request = pb.AnalyzeRequest(image=jpeg(photo), rooms_only=rooms_only)
        with translated("controlmaps"):
            try:
                response = await self._stub.Analyze(request, timeout=seconds)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                    raise
                response = await self._analyze_in_two_calls(request, seconds)
        drawn = {map_kind_from_proto(one.kind): one.image.data for one in response.maps}
        return RoomAnalysis(
            rooms={room_type(room.room_type): room.probability for room in response.rooms},
            room_probability=response.room_probability,
            is_room=response.is_room,
            maps={kind: png for kind, png in drawn.items() if kind},
            engine=info_from_proto(response.engine),
        )

    async def _analyze_in_two_calls(self, request: pb.AnalyzeRequest, seconds: float) -> pb.AnalyzeResponse:
        """The same of a service of the release before, as there may be one while an upgrade is rolled out."""
        room = await self._stub.Classify(pb.ClassifyRequest(image=request.image), timeout=seconds)
        made = pb.AnalyzeResponse(
            rooms=room.rooms, room_probability=room.room_probability, is_room=room.is_room, engine=room.engine
        )
        if not request.rooms_only:
            drawn = await self._stub.Generate(pb.GenerateRequest(image=request.image), timeout=seconds)
            made.maps.extend(drawn.maps)
        return made

    async def assess(
        self,
        original: bytes,
        result: bytes,
        *,
        kept: bytes,
        palette: Sequence[str],
        maps: Mapping[MapKind, bytes],
        seconds: float,
    ) -> Quality:
        """Scores a JPEG against its original.

        `kept` is a mask as PNG, or empty where nothing had to stay; `maps` are the original's, where they are known.
        """
        request = pb.AssessRequest(
            original=jpeg(original),
            result=jpeg(result),
            kept=Mask(png=kept) if kept else None,
            palette=palette,
            maps=[
                ControlMap(kind=map_kind_to_proto(kind), image=png(maps[kind]))
                for kind in (MapKind.SEGMENTATION, MapKind.CONFIDENCE)
                if kind in maps
            ],
        )
        with translated("controlmaps"):
            response = await self._stub.Assess(request, timeout=seconds)
        return Quality(
            structure=response.structure,
            palette=response.palette,
            keep=response.keep,
            sharpness=response.sharpness,
            overall=response.overall,
        )
