"""What surfaces are made of."""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from research.roomnet.renderer import layout

Colour = tuple[float, float, float]
"""Linear RGB; a reflectance is 0–1."""


class Texture(IntEnum):
    """The renderer's procedural textures; `csrc/texture.h` says what colours, size and detail mean to each."""

    PLAIN = 0
    BOARDS = 1
    HERRINGBONE = 2
    TILES = 3
    WOOD = 4
    WEAVE = 5
    PILE = 6
    ORIENTAL = 7
    STRIPES = 8
    CHECKS = 9
    STONE = 10
    BRICK = 11
    LANDSCAPE = 12
    ABSTRACT = 13
    LEAF = 14
    MOSAIC = 15
    FLORAL = 16


def srgb(text: str) -> Colour:
    """`#rrggbb` to linear RGB."""
    encoded = np.array(list(bytes.fromhex(text.removeprefix("#")))) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return float(linear[0]), float(linear[1]), float(linear[2])


def shade(colour: Colour, factor: float) -> Colour:
    """Darker (below 1) or lighter, at most white."""
    return min(colour[0] * factor, 1.0), min(colour[1] * factor, 1.0), min(colour[2] * factor, 1.0)


@dataclass(frozen=True, kw_only=True)
class Material:
    """A surface's look; `csrc/scene.h` gives the meaning and units of each number."""

    texture: Texture = Texture.PLAIN
    seed: int = 1
    colour: Colour
    second: Colour | None = None
    third: Colour | None = None
    size: tuple[float, float] = (0.5, 0.5)
    detail: tuple[float, float] = (0.08, 0.0)
    roughness: float = 0.6
    specular: float = 0.03
    metal: float = 0.0
    translucency: float = 0.0
    clear: float = 0.0
    emission: Colour = (0.0, 0.0, 0.0)
    bump: float = 0.0

    def seeded(self, seed: int) -> "Material":
        """The same with other irregularities."""
        return replace(self, seed=seed)


def pack(materials: list[Material]) -> NDArray[np.void]:
    """One record of `layout.MATERIAL` each."""
    records: NDArray[Any] = np.zeros(len(materials), layout.MATERIAL)
    for record, material in zip(records, materials, strict=True):
        second = material.second or material.colour
        record["colour"] = (material.colour, second, material.third or second)
        for name in ("texture", "seed", "size", "detail", "roughness", "specular", "metal"):
            record[name] = getattr(material, name)
        for name in ("translucency", "clear", "emission", "bump"):
            record[name] = getattr(material, name)
    return records
