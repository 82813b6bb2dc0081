"""Surfaces of a room that can be repainted by themselves."""

from enum import StrEnum


class SurfaceName(StrEnum):
    """A surface; things of one kind are one."""

    WALL = "wall"
    FLOOR = "floor"
    CEILING = "ceiling"
    CABINET = "cabinet"
    """Cabinets, wardrobes, tables, shelves."""
    UPHOLSTERY = "upholstery"
    """Sofas, armchairs, cushioned seats."""
    BED = "bed"
    CURTAIN = "curtain"
    RUG = "rug"
