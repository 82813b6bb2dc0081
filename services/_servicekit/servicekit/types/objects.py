"""Things in a photo of a room: the labels that detection knows, and an object that was detected."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from modomo.detection.v1 import detection_service_pb2 as pb


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

CLUTTER: Final = frozenset({ObjectLabel.CUSHION, ObjectLabel.PLANT, ObjectLabel.PICTURE, ObjectLabel.OTHER})
"""What lies, stands or hangs about in a room, and is neither furniture, nor a fixture, nor part of the building."""


@dataclass(frozen=True, kw_only=True)
class DetectedObject:
    """A thing in a photo; its mask travels beside it."""

    id: str
    """Label and rank by size, `sofa-1`."""

    label: str
    """An ObjectLabel, or one that a newer service knows."""

    confidence: float
    """0–1."""

    box: tuple[float, float, float, float]
    """Left, top, right, bottom in pixels of the photo."""


def object_from_proto(message: pb.Detection) -> DetectedObject:
    """Back from the wire."""
    box = message.box
    return DetectedObject(
        id=message.id,
        label=message.label,
        confidence=message.confidence,
        box=(box.left, box.top, box.right, box.bottom),
    )
