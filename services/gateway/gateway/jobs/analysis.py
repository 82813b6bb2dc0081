"""What a photo shows, without restyling it."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.jobs.result import FoundObject
from servicekit.vocabulary import RoomType


@dataclass(frozen=True, kw_only=True)
class RoomGuess:
    """A room type and how probable it is."""

    room_type: RoomType
    probability: float
    """0–1; those of one photo sum to 1."""


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """What a photo shows."""

    rooms: Sequence[RoomGuess]
    """Every type once, most probable first."""

    room_probability: float
    """That the photo shows a room at all, 0–1."""

    is_room: bool
    detections: Sequence[FoundObject]
    """Most confident first; boxes in pixels of the analysed photo."""

    width: int
    """Of the analysed photo, in pixels."""
    height: int
