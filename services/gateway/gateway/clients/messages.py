"""Pictures and room types that several services exchange, between wire and gateway.

Pictures stay encoded all the way: the gateway passes them on and hardly ever looks inside.
"""

from modomo.type.v1 import image_pb2, room_pb2
from servicekit.types.rooms import RoomType, room_type_from_proto


def jpeg(data: bytes) -> image_pb2.Image:
    """A JPEG on the wire."""
    return image_pb2.Image(data=data, format=image_pb2.IMAGE_FORMAT_JPEG)


def png(data: bytes) -> image_pb2.Image:
    """A PNG on the wire."""
    return image_pb2.Image(data=data, format=image_pb2.IMAGE_FORMAT_PNG)


def room_type(value: room_pb2.RoomType.ValueType) -> RoomType:
    """The word for a wire value; `other` for one that this version lacks."""
    try:
        return room_type_from_proto(value) or RoomType.OTHER
    except ValueError:
        return RoomType.OTHER
