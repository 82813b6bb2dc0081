"""What shines: portals to the outside, lamps, sky and sun."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from research.roomnet.renderer import layout
from research.roomnet.scene.material import Colour

Point = tuple[float, float, float]


class LightKind(IntEnum):
    """Shapes of sources."""

    PORTAL = 0
    RECTANGLE = 1
    SPHERE = 2


@dataclass(frozen=True, kw_only=True)
class Light:
    """A source that surfaces look for; it is seen only where a mesh of the same shape shines as well."""

    kind: LightKind
    corner: Point
    """Of a rectangle; the centre of a sphere."""

    edge_u: Point = (0.0, 0.0, 0.0)
    edge_v: Point = (0.0, 0.0, 0.0)
    """edge_u × edge_v points to the side that is lit."""

    radius: float = 0.0
    radiance: Colour = (1.0, 1.0, 1.0)
    """Factor on the view outside where it is a portal."""


@dataclass(frozen=True, kw_only=True)
class Sky:
    """What lies outside; radiances in units in which a sunlit white wall outside is about 10."""

    zenith: Colour = (2.2, 3.4, 6.0)
    horizon: Colour = (6.5, 7.2, 8.0)
    haze: Colour = (4.5, 5.0, 5.2)
    ground: Colour = (0.14, 0.155, 0.085)
    foliage: Colour = (0.085, 0.12, 0.05)
    daylight: Colour = (9.0, 9.0, 8.6)
    sun_heading: float = 90.0
    """Degrees; 0 lies towards +y, positive turns left."""

    sun_height: float = 35.0
    """Degrees above the horizon."""

    sun: Colour = (0.0, 0.0, 0.0)
    """Irradiance on a surface that faces it."""

    sun_radius: float = 0.6
    """Degrees; larger than the real one for haze and thin cloud."""

    skyline: float = 0.35
    houses: float = 0.0
    above_ground: float = 1.5
    close: int = 0
    """What stands right outside: 0 nothing, 1 a tree, 2 a fence before a hedge, 3 the neighbours' wall."""

    glare: float = 1.0
    """How many times too bright the view is for the light that comes in: above 1 panes are burnt out, below 1 the view
    was exposed for itself, as where two pictures are blended."""

    seed: int = 1

    def packed(self) -> NDArray[np.void]:
        """One record of `layout.SKY`."""
        record: NDArray[Any] = np.zeros(1, layout.SKY)
        for name in ("zenith", "horizon", "haze", "ground", "foliage", "daylight", "sun", "skyline", "houses"):
            record[name] = getattr(self, name)
        record["above_ground"], record["seed"] = self.above_ground, self.seed
        record["close"] = self.close
        heading, height = np.radians([self.sun_heading, self.sun_height])
        record["sun_direction"] = (-np.sin(heading) * np.cos(height), np.cos(heading) * np.cos(height), np.sin(height))
        record["sun_radius"] = np.radians(self.sun_radius)
        return record


def pack(lights: list[Light]) -> NDArray[np.void]:
    """One record of `layout.LIGHT` each."""
    records: NDArray[Any] = np.zeros(len(lights), layout.LIGHT)
    for record, light in zip(records, lights, strict=True):
        for name in ("kind", "corner", "edge_u", "edge_v", "radius", "radiance"):
            record[name] = getattr(light, name)
    return records
