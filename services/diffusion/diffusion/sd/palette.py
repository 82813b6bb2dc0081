"""Brings a result nearer to a palette: in the prompt, in the picture that denoising starts from, and in the result.

A picture's main colours are the centres of a few clusters in L*a*b*. Each is shifted towards the nearest colour of the
palette by a bounded distance, and its pixels with it, by the degree to which they belong to it: texture and shading
stay as they are.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from diffusion.sd.colour_names import nearest_name
from servicekit.imaging import colour
from servicekit.imaging.arrays import RGB, Floats, Mask
from servicekit.imaging.palette import clusters, sampled_lab

CLUSTERS: Final = 6
SAMPLE_SIDE: Final = 128
"""Main colours are looked for in the picture shrunk to about this side."""
LEAST_SHARE: Final = 0.05
"""Clusters with a smaller share of the picture are no main colours."""

START_SHIFT: Final = 30.0
"""How far a main colour of the starting picture may move, in L*a*b*: noise hides most of it again."""
FINAL_SHIFT: Final = 14.0
"""How far a main colour of the result may move: a visible change that leaves the light plausible."""
OUT_OF_REACH: Final = 4.0
"""Distance, in multiples of the bound, from which on a main colour stays; it moves less from one bound sooner."""
LIGHTNESS: Final = 0.4
"""Share of the bound that may go into lightness; more would undo the room's shading."""
SOFTNESS: Final = 12.0
"""Distance in L*a*b* over which a pixel's belonging to a cluster fades."""


def in_words(palette: Sequence[str]) -> str:
    """For a prompt: `color palette of sage green and off white`; empty without a palette."""
    names = list(dict.fromkeys(nearest_name(color) for color in palette))
    if not names:
        return ""
    *others, last = names
    return f"color palette of {', '.join(others)} and {last}" if others else f"color palette of {last}"


def shifted(picture: RGB, palette: Sequence[str], free: Mask | None, *, most: float) -> RGB:
    """The picture with its main colours moved towards the palette by at most `most`; pixels outside `free` stay."""
    centres = main_colours(picture, free)
    if not palette or not len(centres):
        return picture
    moves = _bounded(_targets(centres, colour.lab_of_hex(palette)) - centres, most)
    pixels = colour.lab(colour.linear(picture))
    flat = pixels.reshape(-1, 3)
    # |x − c|² = |x|² − 2x·c + |c|²: one matrix product instead of an array of all differences
    squares = np.square(flat).sum(axis=1)[:, None] - 2 * flat @ centres.T + np.square(centres).sum(axis=1)
    closeness = np.exp(np.sqrt(np.maximum(squares, 0)) / -SOFTNESS)
    total = np.maximum(closeness.sum(axis=1, keepdims=True), np.float32(1e-30))
    moved = colour.srgb(colour.from_lab(pixels + (closeness @ moves / total).reshape(pixels.shape)))
    return moved if free is None else np.where(free[..., None], moved, picture)


def main_colours(picture: RGB, free: Mask | None) -> Floats:
    """K×3 L*a*b* of the free part of the picture; none where nothing is free. Deterministic."""
    pixels = sampled_lab(picture, SAMPLE_SIDE, without=None if free is None else ~free)
    count = min(CLUSTERS, len(np.unique(pixels.round(), axis=0)))
    if not count:
        return np.empty((0, 3), np.float32)
    centres, shares = clusters(pixels, count, iterations=30, precision=0.1)
    return centres[shares >= LEAST_SHARE]


def _targets(centres: Floats, wanted: Floats) -> Floats:
    """A colour of the palette for each centre: each colour gets its nearest centre, the rest take their nearest."""
    distance = colour.delta_e(centres[:, None], wanted[None])
    targets = distance.argmin(axis=1)
    by_distance = sorted(np.ndindex(*distance.shape), key=lambda pair: float(distance[pair]))
    taken: set[int] = set()
    met: set[int] = set()
    for centre, color in by_distance:
        if centre not in taken and color not in met:
            targets[centre] = color
            taken.add(centre)
            met.add(color)
    return np.asarray(wanted[targets])


def _bounded(moves: Floats, most: float) -> Floats:
    """Moves cut to `most`; none towards a colour so far away that halfway to it lies another (blue, purple, rust)."""
    distance = np.linalg.norm(moves, axis=1, keepdims=True)
    moves = moves * np.clip(OUT_OF_REACH - distance / most, 0.0, 1.0)
    lightness = np.clip(moves[:, :1], -LIGHTNESS * most, LIGHTNESS * most)
    room = np.sqrt(most**2 - lightness**2)
    length = np.linalg.norm(moves[:, 1:], axis=1, keepdims=True)
    return np.hstack([lightness, moves[:, 1:] * np.minimum(1.0, room / np.maximum(length, 1e-6))]).astype(np.float32)
