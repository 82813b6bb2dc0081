"""Kinds of rooms, the words of the HTTP contract, and their values on the wire."""

from enum import StrEnum

from modomo.type.v1 import room_pb2


class RoomType(StrEnum):
    """What a room is used for."""

    LIVING_ROOM = "living_room"
    BEDROOM = "bedroom"
    KITCHEN = "kitchen"
    BATHROOM = "bathroom"
    DINING_ROOM = "dining_room"
    OFFICE = "office"
    HALLWAY = "hallway"
    KIDS_ROOM = "kids_room"
    OTHER = "other"


def room_type_to_proto(room: RoomType | None) -> room_pb2.RoomType.ValueType:
    """The enum value on the wire; unspecified for None."""
    return room_pb2.RoomType.Value(f"ROOM_TYPE_{room.name}") if room else room_pb2.ROOM_TYPE_UNSPECIFIED


def room_type_from_proto(value: room_pb2.RoomType.ValueType) -> RoomType | None:
    """The word for a wire value; None for unspecified. Raises ValueError for a value that this version lacks."""
    if value == room_pb2.ROOM_TYPE_UNSPECIFIED:
        return None
    return RoomType(room_pb2.RoomType.Name(value).removeprefix("ROOM_TYPE_").lower())
