"""Words that the services and their callers share: kinds of rooms, and things in them."""

from enum import StrEnum
from typing import Final

from modomo.type.v1 import room_pb2


class RoomType(StrEnum):
    """What a room is used for; the words of the HTTP contract."""

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


class ObjectLabel(StrEnum):
    """What detection can find."""

    SOFA = "sofa"
    ARMCHAIR = "armchair"
    CHAIR = "chair"
    STOOL = "stool"
    BENCH = "bench"
    BED = "bed"
    TABLE = "table"
    COFFEE_TABLE = "coffee_table"
    DESK = "desk"
    CABINET = "cabinet"
    WARDROBE = "wardrobe"
    DRESSER = "dresser"
    SHELF = "shelf"
    COUNTER = "counter"
    LAMP = "lamp"
    RUG = "rug"
    CURTAIN = "curtain"
    CUSHION = "cushion"
    PLANT = "plant"
    PICTURE = "picture"
    MIRROR = "mirror"
    TELEVISION = "television"
    FIREPLACE = "fireplace"
    REFRIGERATOR = "refrigerator"
    OVEN = "oven"
    SINK = "sink"
    TOILET = "toilet"
    BATHTUB = "bathtub"
    SHOWER = "shower"
    WINDOW = "window"
    DOOR = "door"
    OTHER = "other"
    """Something that stands in the room and fits no other word."""


OPENINGS: Final = frozenset({ObjectLabel.WINDOW, ObjectLabel.DOOR})
"""What belongs to the building rather than to its furnishing."""
