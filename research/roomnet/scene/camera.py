"""A pinhole camera."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from research.roomnet.renderer import layout


@dataclass(frozen=True, kw_only=True)
class Camera:
    """Where the camera stands and looks; metres and degrees, z is up."""

    eye: tuple[float, float, float]

    heading: float
    """0 looks along +y, positive turns left."""

    pitch: float = 0.0
    """Positive looks up."""

    roll: float = 0.0
    """Positive turns the picture clockwise."""

    focal: float = 26.0
    """Millimetres on a 36×24 mm frame of the same diagonal, as phones state it."""

    shift: float = 0.0
    """Of the lens, in heights of the picture; negative shows more floor while verticals stay vertical."""

    width: int
    height: int

    def packed(self) -> NDArray[np.void]:
        """One record of `layout.CAMERA`."""
        heading, pitch, roll = np.radians([self.heading, self.pitch, self.roll])
        axis = np.array([-np.sin(heading) * np.cos(pitch), np.cos(heading) * np.cos(pitch), np.sin(pitch)])
        level = np.array([np.cos(heading), np.sin(heading), 0.0])
        upright = np.cross(level, axis)
        right = np.cos(roll) * level + np.sin(roll) * upright
        up = np.cos(roll) * upright - np.sin(roll) * level
        half_diagonal = 21.633 / self.focal
        diagonal = float(np.hypot(self.width, self.height))
        half_width, half_height = half_diagonal * self.width / diagonal, half_diagonal * self.height / diagonal
        record: NDArray[Any] = np.zeros(1, layout.CAMERA)
        record["eye"], record["axis"] = self.eye, axis
        record["right"], record["up"] = right * half_width, up * half_height
        record["forward"] = axis + up * (2 * half_height * self.shift)
        record["width"], record["height"] = self.width, self.height
        return record
