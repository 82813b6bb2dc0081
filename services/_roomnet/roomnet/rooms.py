"""What kind of room a photo shows, and whether it shows one, from its surfaces, light and lines.

Each kind has a score that is linear in what can be measured: kitchens are full of straight edges, bedrooms are calm
above the eye's level, bathrooms are light and too small for floor and ceiling to be seen. That tells kitchens fairly
well and the rest hardly better than how often people photograph them, which is what the probabilities say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from roomnet.picture import Picture
from roomnet.vocabulary import Room, Surface

BASE_RATES: Final[Mapping[Room, float]] = {
    Room.LIVING_ROOM: 0.22,
    Room.BEDROOM: 0.22,
    Room.KITCHEN: 0.18,
    Room.BATHROOM: 0.16,
    Room.DINING_ROOM: 0.07,
    Room.OFFICE: 0.05,
    Room.HALLWAY: 0.04,
    Room.KIDS_ROOM: 0.03,
    Room.OTHER: 0.03,
}
"""How often people photograph rooms of each kind."""


@dataclass(frozen=True, kw_only=True)
class Impression:
    """What is measured of a photo; shares are of its area."""

    floor: float
    ceiling: float
    objects: float

    pale: float
    """Share of light, colourless pixels."""

    dark: float

    lightness: float
    """Mean L*, 0–100."""

    edges: float
    """Share of pixels on an edge."""

    edges_above: float
    """The same in the upper half."""

    upright: float
    """Share of the edges that run level or upright."""


def classify(picture: Picture, surfaces: NDArray[np.uint8]) -> dict[Room, float]:
    """Probability of each kind; they sum to 1."""
    seen = _impression(picture, surfaces)
    likelihoods = {
        Room.KITCHEN: 9 * (seen.edges - 0.135) + 5 * (seen.upright - 0.58),
        Room.BATHROOM: (
            0.05 * (seen.lightness - 57)
            + 6 * (0.055 - seen.ceiling)
            + 4 * (0.075 - seen.floor)
            + 4 * (0.11 - seen.dark)
            + 1.5 * (seen.pale - 0.18)
        ),
        Room.BEDROOM: 9 * (0.11 - seen.edges_above) + 3 * (seen.ceiling - 0.055) + 5 * (0.57 - seen.upright),
        Room.LIVING_ROOM: 3 * (seen.floor - 0.12) + 3 * (seen.ceiling - 0.055),
        Room.HALLWAY: 4 * (seen.floor - 0.2) + 3 * (0.4 - seen.objects),
    }
    powers = {room: rate * float(np.exp(likelihoods.get(room, 0.0))) for room, rate in BASE_RATES.items()}
    total = sum(powers.values())
    return {room: power / total for room, power in powers.items()}


def is_room(picture: Picture, surfaces: NDArray[np.uint8], certainty: float) -> float:
    """Probability that the photo shows a room at all; `certainty` is the horizon's."""
    lab = picture.lab
    if float(lab[..., 0].std()) < 2.0:
        return 0.02  # there is nothing to see
    building = float(np.mean(surfaces != Surface.OBJECT))
    greenery = float(np.mean((lab[..., 1] < -12) & (lab[..., 2] > 8)))
    score = 1.2 + 2.0 * (building - 0.3) + 1.0 * certainty - 6.0 * max(0.0, greenery - 0.1)
    return float(1 / (1 + np.exp(-score)))


def _impression(picture: Picture, surfaces: NDArray[np.uint8]) -> Impression:
    lightness = np.ascontiguousarray(picture.lab[..., 0])
    chroma = np.hypot(picture.lab[..., 1], picture.lab[..., 2])
    edge = picture.gradient > 6
    across = np.abs(cv2.Scharr(lightness, cv2.CV_32F, 1, 0))
    down = np.abs(cv2.Scharr(lightness, cv2.CV_32F, 0, 1))
    upright = np.maximum(across, down) > 4 * np.minimum(across, down)
    clear = picture.gradient > 4
    return Impression(
        floor=float(np.mean(surfaces == Surface.FLOOR)),
        ceiling=float(np.mean(surfaces == Surface.CEILING)),
        objects=float(np.mean(surfaces == Surface.OBJECT)),
        pale=float(np.mean((lightness > 75) & (chroma < 10))),
        dark=float(np.mean(lightness < 25)),
        lightness=float(lightness.mean()),
        edges=float(edge.mean()),
        edges_above=float(edge[: max(1, len(edge) // 2)].mean()),
        upright=float(upright[clear].mean()) if clear.any() else 0.58,
    )
