"""The vocabulary of an analysis: ADE20K's classes, the five surfaces behind them, and kinds of rooms."""

from enum import IntEnum, StrEnum
from typing import Final


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
    SHELF = 24
    MIRROR = 27
    RUG = 28
    ARMCHAIR = 30
    DESK = 33
    WARDROBE = 35
    LAMP = 36
    BATHTUB = 37
    CUSHION = 39
    BOX = 41
    """Stands for any object of unknown kind."""
    COUNTER = 45
    SINK = 47
    FIREPLACE = 49
    REFRIGERATOR = 50
    BLIND = 63
    COFFEE_TABLE = 64
    TOILET = 65
    LIGHT = 82
    TELEVISION = 89
    STOOL = 110
    OVEN = 118
    SCREEN = 130
    SHOWER = 145


class Surface(IntEnum):
    """What a pixel belongs to, before it is asked what kind of object it is; also the index into score arrays."""

    WALL = 0
    FLOOR = 1
    CEILING = 2
    OPENING = 3
    """Window or door."""
    OBJECT = 4
    """Everything that is not part of the building."""


SURFACES: Final = {
    Ade.WALL: Surface.WALL,
    Ade.FLOOR: Surface.FLOOR,
    Ade.RUG: Surface.FLOOR,
    Ade.CEILING: Surface.CEILING,
    Ade.WINDOW: Surface.OPENING,
    Ade.DOOR: Surface.OPENING,
    Ade.BLIND: Surface.OPENING,
}
"""The surface behind a class; all others are objects."""


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
