"""What kind of room a photo shows, and whether it shows one, from its surfaces and colours."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from roomnet.picture import Picture
from roomnet.vocabulary import Room, Surface

BASE_RATES: Mapping[Room, float] = {
    Room.LIVING_ROOM: 0.24,
    Room.BEDROOM: 0.22,
    Room.KITCHEN: 0.18,
    Room.BATHROOM: 0.13,
    Room.DINING_ROOM: 0.07,
    Room.OFFICE: 0.05,
    Room.HALLWAY: 0.04,
    Room.KIDS_ROOM: 0.03,
    Room.OTHER: 0.04,
}
"""How often people send a photo of each kind."""


def classify(picture: Picture, surfaces: NDArray[np.uint8]) -> dict[Room, float]:
    """Probability of each kind; they sum to 1."""
    lab = picture.lab
    objects = surfaces == Surface.OBJECT
    floor = float(np.mean(surfaces == Surface.FLOOR))
    ceiling = float(np.mean(surfaces == Surface.CEILING))
    share = float(np.mean(objects))
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    pale = float(np.mean((lab[..., 0] > 75) & (chroma < 10)))
    wood = float(np.mean((lab[..., 2] > 22) & (lab[..., 1] > 4) & (lab[..., 0] < 70)))
    busy = float(np.mean(picture.gradient > 6))
    logs = {room: np.log(rate) for room, rate in BASE_RATES.items()}
    logs[Room.BATHROOM] += 2.0 * (pale - 0.35) + 4.0 * (0.12 - floor) + 3.0 * (0.06 - ceiling)
    logs[Room.KITCHEN] += 6.0 * (busy - 0.12) + 3.0 * (wood - 0.15) + 2.0 * (0.15 - floor)
    logs[Room.BEDROOM] += 4.0 * (0.12 - busy) + 2.0 * (ceiling - 0.08)
    logs[Room.LIVING_ROOM] += 3.0 * (floor - 0.15) + 1.5 * (ceiling - 0.08)
    logs[Room.HALLWAY] += 4.0 * (floor - 0.2) + 3.0 * (0.4 - share)
    powers = {room: float(np.exp(value)) for room, value in logs.items()}
    total = sum(powers.values())
    return {room: power / total for room, power in powers.items()}


def is_room(picture: Picture, surfaces: NDArray[np.uint8], certainty: float) -> float:
    """Probability that the photo shows a room at all."""
    lab = picture.lab
    contrast = float(lab[..., 0].std())
    if contrast < 2.0:
        return 0.02
    building = float(np.mean(surfaces != Surface.OBJECT))
    greenery = float(np.mean((lab[..., 1] < -12) & (lab[..., 2] > 8)))
    score = 1.2 + 2.0 * (building - 0.3) + 1.0 * certainty - 6.0 * max(0.0, greenery - 0.1)
    return float(1 / (1 + np.exp(-score)))
