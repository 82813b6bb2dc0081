"""Control maps that are all black, of a room that is always a living room."""

import os

from modomo.controlmaps.v1 import control_maps_service_pb2 as pb
from modomo.controlmaps.v1.control_maps_service_pb2_grpc import (
    ControlMapsServiceServicer,
    add_ControlMapsServiceServicer_to_server,
)
from modomo.type.v1.control_map_pb2 import ControlMapKind
from modomo.type.v1.room_pb2 import ROOM_TYPE_LIVING_ROOM
from servicekit import process
from tools.bench.noop.answers import ENGINE, control_map
from tools.bench.noop.serving import serve


class Servicer(ControlMapsServiceServicer):
    """Answers at once."""

    async def Analyze(self, request: pb.AnalyzeRequest, context: object) -> pb.AnalyzeResponse:  # noqa: N802 - the RPC's name
        """A living room, and the maps asked for, black."""
        rooms = [pb.RoomProbability(room_type=ROOM_TYPE_LIVING_ROOM, probability=1.0)]
        kinds = [] if request.rooms_only else request.kinds or [kind for kind in ControlMapKind.values() if kind]
        maps = [control_map(kind) for kind in kinds]
        return pb.AnalyzeResponse(rooms=rooms, room_probability=1.0, is_room=True, maps=maps, engine=ENGINE)

    async def Assess(self, request: pb.AssessRequest, context: object) -> pb.AssessResponse:  # noqa: N802 - the RPC's name
        """Perfect."""
        return pb.AssessResponse(structure=1, palette=1, keep=1, sharpness=1, overall=1, engine=ENGINE)


if __name__ == "__main__":
    process.run(
        lambda: serve(
            os.environ["MODOMO_CONTROLMAPS_LISTEN"],
            pb.DESCRIPTOR.services_by_name["ControlMapsService"].full_name,
            lambda server: add_ControlMapsServiceServicer_to_server(Servicer(), server),  # type: ignore[abstract]  # the deprecated calls are not benched
        )
    )
