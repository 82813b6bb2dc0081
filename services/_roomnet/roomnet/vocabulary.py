"""The words that an analysis is told in: ADE20K's classes, the five surfaces behind them, and kinds of rooms."""

from enum import IntEnum, StrEnum


class Ade(IntEnum):
    """The ADE20K classes that an analysis may name, by their index 0–149 (Zhou et al., CVPR 2017)."""

    WALL = 0
    FLOOR = 3
    CEILING = 5
    BED = 7
    WINDOW = 8
    CABINET = 10
    DOOR = 14
    TABLE = 15
    PLANT = 17
    CURTAIN = 18
    CHAIR = 19
    PAINTING = 22
    SOFA = 23
    RUG = 28
    LAMP = 36
    BOX = 41
    """Stands for any object that nothing tells the kind of."""
    LIGHT = 82


class Surface(IntEnum):
    """What a pixel belongs to, before it is asked what kind of object it is; also the index into score arrays."""

    WALL = 0
    FLOOR = 1
    CEILING = 2
    OPENING = 3
    """Window or door."""
    OBJECT = 4
    """Everything that is not part of the building."""


class Room(StrEnum):
    """Kinds of rooms."""

    LIVING_ROOM = "living_room"
    BEDROOM = "bedroom"
    KITCHEN = "kitchen"
    BATHROOM = "bathroom"
    DINING_ROOM = "dining_room"
    OFFICE = "office"
    HALLWAY = "hallway"
    KIDS_ROOM = "kids_room"
    OTHER = "other"
