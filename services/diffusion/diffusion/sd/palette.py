"""Brings a result nearer to a palette: in the prompt, in the picture that denoising starts from, and in the result.

The main colours of walls and textiles are the centres of a few clusters in L*a*b*. Each is shifted towards the nearest
colour of the palette by a bounded distance, and its pixels with it, by the degree to which they belong to it: texture
and shading stay as they are, and so does everything that is next to grey.
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
NEUTRAL: Final = 8.0
"""Chroma up to which a colour is next to grey and stays: white walls under warm light reach it."""
COLOURED: Final = 14.0
"""Chroma from which on a colour moves by all that it may."""
SOFTNESS: Final = 12.0
"""Distance in L*a*b* over which a pixel's belonging to a cluster fades."""


def in_words(palette: Sequence[str]) -> str:
    """For a prompt: `sage green walls, dusty rose textiles, color palette of …`; empty without a palette.

    The first colour is for the walls, the others for textiles; one alone is for both.
    """
    names = list(dict.fromkeys(nearest_name(color) for color in palette))
    if not names:
        return ""
    first, *others = names
    if not others:
        return f"{first} walls, {first} textiles, color palette of {first}"
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{first} walls, {' and '.join(others)} textiles, color palette of {listed}"


def shifted(picture: RGB, palette: Sequence[str], where: Mask | None, *, most: float) -> RGB:
    """The picture with its main colours in `where` moved towards the palette by at most `most`; all else stays.

    Colours next to grey stay too, whatever they belong to: white is white, and a tint on it reads as a colour cast.
    Nothing moves where `where` is None.
    """
    if not palette or where is None or not where.any():
        return picture
    centres = main_colours(picture, where)
    if not len(centres):
        return picture
    moves = _bounded(_targets(centres, colour.lab_of_hex(palette)) - centres, most)
    moves *= _colourfulness(centres)[:, None]
    if not moves.any():
        return picture
    flat = colour.lab(colour.linear(picture[where]))
    # |x − c|² = |x|² − 2x·c + |c|²: one matrix product instead of an array of all differences
    squares = np.square(flat).sum(axis=1)[:, None] - 2 * flat @ centres.T + np.square(centres).sum(axis=1)
    closeness = np.exp(np.sqrt(np.maximum(squares, 0)) / -SOFTNESS)
    total = np.maximum(closeness.sum(axis=1, keepdims=True), np.float32(1e-30))
    moved = picture.copy()
    moves_of_pixels = (closeness @ moves / total) * _colourfulness(flat)[:, None]
    moved[where] = colour.srgb(colour.from_lab(flat + moves_of_pixels))
    return moved


def main_colours(picture: RGB, where: Mask) -> Floats:
    """K×3 L*a*b* of a part of the picture; none where that is empty. Deterministic."""
    pixels = sampled_lab(picture, SAMPLE_SIDE, without=~where)
    count = min(CLUSTERS, len(np.unique(pixels.round(), axis=0)))
    if not count:
        return np.empty((0, 3), np.float32)
    centres, shares = clusters(pixels, count, iterations=30, precision=0.1)
    return centres[shares >= LEAST_SHARE]


def _colourfulness(colours: Floats) -> Floats:
    """N×3 L*a*b* to N: 0 up to NEUTRAL chroma, 1 from COLOURED on."""
    chroma = np.linalg.norm(colours[:, 1:], axis=1)
    return np.asarray(np.clip((chroma - NEUTRAL) / (COLOURED - NEUTRAL), 0.0, 1.0), dtype=np.float32)


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
