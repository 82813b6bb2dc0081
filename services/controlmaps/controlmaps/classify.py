"""A classification that a caller can rely on: every room type once, probabilities that sum to 1."""

from controlmaps.domain import Classification
from servicekit.types.rooms import RoomType


def completed(found: Classification) -> Classification:
    """The same classification with types that the engine does not know at 0, and sums made exact."""
    weights = {room: max(0.0, found.rooms.get(room, 0.0)) for room in RoomType}
    total = sum(weights.values())
    if total <= 0:
        weights[RoomType.OTHER] = total = 1.0
    return Classification(
        rooms={room: weight / total for room, weight in weights.items()},
        room_probability=min(1.0, max(0.0, found.room_probability)),
    )
