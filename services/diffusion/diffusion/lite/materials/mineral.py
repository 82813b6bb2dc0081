"""Surfaces without a grain: concrete, limewash, tiles, brick, painted panels."""

from typing import Final

import numpy as np

from diffusion.lite.materials import noise
from diffusion.lite.materials.texture import normalised
from diffusion.lite.materials.units import Units
from servicekit.imaging.arrays import Floats, floats

SIDE: Final = 512
"""Pixels to a side of a seamless mineral surface: two metres."""


def concrete(color: Floats, random: np.random.Generator) -> Floats:
    """Polished concrete or microcement: clouds, trowel marks, a little grit."""
    clouds = _rolled(noise.field(SIDE, SIDE, along=420, across=420, roughness=2.4, seed=3), random)
    trowel = _rolled(noise.field(SIDE, SIDE, along=60, across=200, roughness=2.0, seed=4), random)
    grit = _rolled(noise.field(SIDE, SIDE, along=3, across=3, roughness=1.0, seed=5), random)
    return _toned(0.04 * clouds + 0.015 * trowel + 0.014 * grit, color)


def limewash(color: Floats, random: np.random.Generator) -> Floats:
    """Paint of slaked lime: soft crossing brush clouds."""
    clouds = _rolled(noise.field(SIDE, SIDE, along=300, across=300, roughness=2.8, seed=6), random)
    brush = _rolled(noise.field(SIDE, SIDE, along=110, across=50, roughness=2.2, seed=7), random)
    return _toned(0.022 * clouds + 0.012 * brush, color)


def tiles(units: Units, color: Floats, joint: Floats, random: np.random.Generator, *, gap: float = 0.003) -> Floats:
    """Fired or cut tiles, each of a slightly different tone; `gap` is half the joint's width in metres."""
    tone = random.normal(0.0, 0.035, units.count).astype(np.float32)
    cloud = _over(units, noise.field(SIDE, SIDE, along=90, across=90, roughness=2.2, seed=8), random)
    body = color * np.exp(tone[units.piece] + 0.03 * cloud)[..., None]
    return normalised(_jointed(units, body, joint, gap), color)


def brick(units: Units, color: Floats, mortar: Floats, random: np.random.Generator) -> Floats:
    """Old bricks: strong tones, rough faces, wide joints."""
    tone = random.normal(0.0, 0.14, units.count).astype(np.float32)
    warm = random.normal(0.0, 0.05, units.count).astype(np.float32)
    face = _over(units, noise.field(SIDE, SIDE, along=14, across=14, roughness=1.4, seed=9), random)
    depth = (tone[units.piece] + 0.09 * face)[..., None]
    hue = warm[units.piece][..., None] * np.array([1.0, 0.0, -1.0], dtype=np.float32)
    rough = 0.006 + 0.0015 * face
    return normalised(_jointed(units, color * np.exp(depth + hue), mortar, rough), color)


def panels(units: Units, color: Floats, groove: Floats, *, gap: float) -> Floats:
    """Painted or veneered boards side by side, with a rounded edge that catches light; `gap` as for tiles."""
    lift = np.exp(-(((units.edge - gap - 0.004) / 0.003) ** 2))[..., None]
    return normalised(_jointed(units, floats(color * (1.0 + 0.06 * lift)), groove, gap), color)


def _jointed(units: Units, body: Floats, joint: Floats, gap: float | Floats) -> Floats:
    inside = np.clip((units.edge - gap) / 0.003 + 0.5, 0.0, 1.0)[..., None]
    return floats(joint + inside * (body - joint))


def _toned(depth: Floats, color: Floats) -> Floats:
    return normalised(floats(color * np.exp(depth)[..., None]), color)


def _rolled(field: Floats, random: np.random.Generator) -> Floats:
    return np.roll(field, random.integers(0, field.shape[0], 2), axis=(0, 1))


def _over(units: Units, field: Floats, random: np.random.Generator) -> Floats:
    """A field over a patch of another size: each piece shows a place of its own, so no seam can be seen."""
    shift = random.integers(0, SIDE, (units.count, 2))
    rows, columns = np.indices(units.piece.shape)
    return floats(field[(rows + shift[units.piece, 0]) % SIDE, (columns + shift[units.piece, 1]) % SIDE])
