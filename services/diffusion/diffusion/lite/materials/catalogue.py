"""From a finish to its texture."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from math import pi
from typing import Final

import numpy as np

from diffusion.lite.materials import mineral, units, wood, woven
from diffusion.lite.materials.texture import Texture
from diffusion.styles import Finish, Pattern
from servicekit.imaging import colour
from servicekit.imaging.arrays import Floats, floats

JOINT: Final = 0.72
"""Albedo of a joint against that of its material, where a finish names no second colour."""


@lru_cache(maxsize=16)
def texture(finish: Finish, seed: int) -> Texture | None:
    """The finish's texture; None for one that is plain."""
    draw = _DRAWN.get(finish.pattern)
    return draw(finish, np.random.default_rng(seed)) if draw is not None else None


def _boards(finish: Finish, random: np.random.Generator) -> Texture:
    return Texture(albedo=wood.wood(units.boards(finish.size, random), _color(finish), random))


def _herringbone(finish: Finish, random: np.random.Generator) -> Texture:
    return Texture(albedo=wood.wood(units.herringbone(finish.size), _color(finish), random), turn=pi / 4)


def _tiles(finish: Finish, random: np.random.Generator) -> Texture:
    laid = units.tiles(finish.size, finish.size)
    return Texture(albedo=mineral.tiles(laid, _color(finish), _joint(finish), random))


def _brick(finish: Finish, random: np.random.Generator) -> Texture:
    laid = units.tiles(finish.size, finish.size / 3, shift=0.5, repeats=8)
    return Texture(albedo=mineral.brick(laid, _color(finish), _joint(finish), random))


def _panels(finish: Finish, random: np.random.Generator) -> Texture:
    """Slats where the finish names what is seen between them, else tongue and groove."""
    laid = units.tiles(finish.size, finish.size)
    upright = replace(laid, edge=np.minimum(laid.across, finish.size - laid.across))
    gap = 0.14 * finish.size if finish.second else 0.003
    return Texture(albedo=mineral.panels(upright, _color(finish), _joint(finish), gap=gap))


def _concrete(finish: Finish, random: np.random.Generator) -> Texture:
    return Texture(albedo=mineral.concrete(_color(finish), random))


def _limewash(finish: Finish, random: np.random.Generator) -> Texture:
    return Texture(albedo=mineral.limewash(_color(finish), random))


def _carpet(finish: Finish, random: np.random.Generator) -> Texture:
    return Texture(albedo=woven.pile(_color(finish), random))


_DRAWN: Final[Mapping[Pattern, Callable[[Finish, np.random.Generator], Texture]]] = {
    Pattern.BOARDS: _boards,
    Pattern.HERRINGBONE: _herringbone,
    Pattern.TILES: _tiles,
    Pattern.BRICK: _brick,
    Pattern.PANELS: _panels,
    Pattern.CONCRETE: _concrete,
    Pattern.LIMEWASH: _limewash,
    Pattern.CARPET: _carpet,
}


def _color(finish: Finish) -> Floats:
    return colour.from_hex(finish.color)


def _joint(finish: Finish) -> Floats:
    return colour.from_hex(finish.second) if finish.second else floats(_color(finish) * JOINT)
