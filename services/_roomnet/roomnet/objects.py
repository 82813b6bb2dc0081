"""What kind of object each region is, as far as shape, place and the kind of room make one likely."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from roomnet.picture import RGB
from roomnet.vocabulary import Ade, Room, Surface

BUILDING: Final = {
    Surface.WALL: Ade.WALL,
    Surface.FLOOR: Ade.FLOOR,
    Surface.CEILING: Ade.CEILING,
    Surface.OPENING: Ade.WINDOW,
}
CERTAIN_ENOUGH: Final = 0.4
"""A kind that is less probable is not named."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Where a region lies; lengths as shares of the photo's height or width."""

    left: float
    top: float
    width: float
    height: float
    area: float
    """Share of the photo."""
    lightness: float
    """Mean L*, 0–100."""
    greenness: float
    """Mean -a*; leaves have about 10 to 40."""

    @property
    def bottom(self) -> float:
        """Lower end."""
        return self.top + self.height

    @property
    def fill(self) -> float:
        """Share of its box that it covers."""
        return self.area / max(1e-9, self.width * self.height)


def name(
    surfaces: NDArray[np.uint8], sure: NDArray[np.float32], photo: RGB, kinds: Mapping[Room, float]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """ADE20K labels and the probability that each is right, from surfaces and theirs (all H×W)."""
    labels = np.zeros_like(surfaces)
    for surface, label in BUILDING.items():
        labels[surfaces == surface] = label
    confidence = sure.copy()
    lab = np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2Lab), dtype=np.uint8)
    for surface in (Surface.OPENING, Surface.OBJECT):
        mask = (surfaces == surface).astype(np.uint8)
        _count, regions, stats, _centres = cv2.connectedComponentsWithStats(mask, connectivity=4)
        for number in range(1, len(stats)):
            left, top, width, height, _area = (int(value) for value in stats[number])
            window = np.s_[top : top + height, left : left + width]
            inside = regions[window] == number
            shape = _measure(stats[number], lab[window], inside, surfaces.shape)
            label, probability = _opening(shape) if surface is Surface.OPENING else _object(shape, kinds)
            labels[window][inside] = label
            confidence[window][inside] *= np.float32(probability)
    return labels, confidence


def _measure(
    stats: NDArray[np.int32], lab: NDArray[np.uint8], inside: NDArray[np.bool_], shape: tuple[int, ...]
) -> Shape:
    left, top, width, height, area = (float(value) for value in stats)
    return Shape(
        left=left / shape[1],
        top=top / shape[0],
        width=width / shape[1],
        height=height / shape[0],
        area=area / (shape[0] * shape[1]),
        lightness=float(lab[..., 0][inside].mean()) / 2.55,
        greenness=128 - float(lab[..., 1][inside].mean()),
    )


def _opening(shape: Shape) -> tuple[Ade, float]:
    """A window, or a door where it reaches far down and is upright."""
    if shape.bottom > 0.7 and shape.height > 1.3 * shape.width:
        return Ade.DOOR, 0.6
    return Ade.WINDOW, 0.85


def _object(shape: Shape, kinds: Mapping[Room, float]) -> tuple[Ade, float]:
    """The most probable kind of object, or BOX where none is probable enough."""
    large = min(1.0, shape.area / 0.12)
    wide = shape.width / max(1e-6, shape.height)
    low = 1.0 if shape.bottom > 0.6 else 0.0
    guesses = {
        Ade.PLANT: 0.7 if shape.greenness > 10 and shape.area < 0.1 else 0.0,
        Ade.PAINTING: 0.5 if shape.bottom < 0.55 and shape.area < 0.04 and shape.fill > 0.6 else 0.0,
        Ade.BED: low * large * (wide > 1) * kinds[Room.BEDROOM] * 1.3,
        Ade.SOFA: low * large * (wide > 1) * kinds[Room.LIVING_ROOM] * 1.1,
        Ade.CABINET: large * max(kinds[Room.KITCHEN], kinds[Room.BATHROOM]) * 1.3,
        Ade.CHAIR: 0.35 * low * (0.01 < shape.area < 0.08),
        Ade.BOX: 0.25,
    }
    label = max(guesses, key=lambda guess: guesses[guess])
    probability = min(0.9, guesses[label])
    if probability < CERTAIN_ENOUGH:
        return Ade.BOX, 1.0
    return label, probability
