"""What can be done with a room."""

from enum import StrEnum

from modomo.type.v1 import mode_pb2


class RoomMode(StrEnum):
    """What can be done with a room."""

    RESTYLE = "restyle"
    """The room and its furniture in another style."""

    STAGE = "stage"
    """Furnishes an empty room (virtual staging)."""

    DECLUTTER = "declutter"
    """Removes what is not furniture and leaves everything else as it is."""


def mode_from_proto(value: mode_pb2.Mode.ValueType) -> RoomMode:
    """The mode of a wire value, `restyle` for unspecified; raises ValueError for one that this version lacks."""
    if value == mode_pb2.MODE_UNSPECIFIED:
        return RoomMode.RESTYLE
    return RoomMode(mode_pb2.Mode.Name(value).removeprefix("MODE_").lower())


def mode_to_proto(mode: RoomMode) -> mode_pb2.Mode.ValueType:
    """The wire value of a mode."""
    return mode_pb2.Mode.Value(f"MODE_{mode.name}")
