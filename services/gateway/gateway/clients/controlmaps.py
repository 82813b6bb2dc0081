"""The controlmaps service as plain async calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import grpc

from gateway.clients.calls import translated
from gateway.clients.messages import jpeg, room_type
from modomo.controlmaps.v1 import control_maps_service_pb2 as pb
from modomo.controlmaps.v1.control_maps_service_pb2_grpc import ControlMapsServiceStub
from modomo.type.v1 import control_map_pb2
from modomo.type.v1.image_pb2 import Mask
from servicekit.inference.engine import EngineInfo, info_from_proto
from servicekit.types.vocabulary import RoomType


class MapKind(StrEnum):
    """What a control map shows."""

    DEPTH = "depth"
    CANNY = "canny"
    SEGMENTATION = "segmentation"
    CONFIDENCE = "confidence"


@dataclass(frozen=True, kw_only=True)
class RoomGuess:
    """What a photo shows."""

    rooms: Mapping[RoomType, float]
    """Probability of every type, most probable first; they sum to 1."""
    room_probability: float
    """That it shows a room at all, 0–1."""
    is_room: bool
    """Whether that is enough to go on."""
    engine: EngineInfo

    @property
    def room_type(self) -> RoomType:
        """The most probable type; `other` where none was named."""
        return next(iter(self.rooms), RoomType.OTHER)


@dataclass(frozen=True, kw_only=True)
class ControlMaps:
    """Control maps of a photo, of its size."""

    maps: Mapping[MapKind, bytes]
    """PNGs."""
    engine: EngineInfo


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

    async def classify(self, photo: bytes, *, seconds: float) -> RoomGuess:
        """What kind of room a JPEG shows, and whether it shows one."""
        with translated("controlmaps"):
            response = await self._stub.Classify(pb.ClassifyRequest(image=jpeg(photo)), timeout=seconds)
        return RoomGuess(
            rooms={room_type(room.room_type): room.probability for room in response.rooms},
            room_probability=response.room_probability,
            is_room=response.is_room,
            engine=info_from_proto(response.engine),
        )

    async def generate(self, photo: bytes, *, seconds: float) -> ControlMaps:
        """All control maps of a JPEG; kinds that this version lacks are left out."""
        with translated("controlmaps"):
            response = await self._stub.Generate(pb.GenerateRequest(image=jpeg(photo)), timeout=seconds)
        known = {kind_to_proto(kind): kind for kind in MapKind}
        return ControlMaps(
            maps={known[drawn.kind]: drawn.image.data for drawn in response.maps if drawn.kind in known},
            engine=info_from_proto(response.engine),
        )

    async def assess(
        self, original: bytes, result: bytes, *, kept: bytes, palette: Sequence[str], seconds: float
    ) -> Quality:
        """Scores a JPEG against its original; `kept` is a mask as PNG, or empty where nothing had to stay."""
        request = pb.AssessRequest(
            original=jpeg(original), result=jpeg(result), kept=Mask(png=kept) if kept else None, palette=palette
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


def kind_to_proto(kind: MapKind) -> control_map_pb2.ControlMapKind.ValueType:
    """The enum value on the wire."""
    return control_map_pb2.ControlMapKind.Value(f"CONTROL_MAP_KIND_{kind.name}")
