"""What the seed decides: one finish for each surface, in the caller's colours where there are any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from diffusion.domain import Restyling
from diffusion.styles import Alternatives, Finish, Pattern
from servicekit.imaging import colour

KINDS: Final = ("wall", "floor", "upholstery", "bedding", "cabinet", "curtain", "rug", "accent")
"""Kinds of finishes that the seed picks or the caller colours."""
TOGETHER: Final = (("wall",), ("upholstery", "bedding"), ("rug", "accent"), ("curtain", "cabinet"), ("floor",))
"""Kinds that share one of the caller's colours, in the order in which they are given out: people who name colours mean
walls and textiles first, and a blue floor last."""
ECHO: Final = ("rug", "accent")
"""Kinds that take up a colour again where there are fewer colours than groups."""
CROSSED: Final = ("floor", "bedding", "cabinet")
"""Kinds whose alternatives do not go round in step with the others': with two of each, four variants are four pairs."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The finishes of one variant."""

    wall: Finish
    floor: Finish
    upholstery: Finish
    bedding: Finish
    curtain: Finish
    rug: Finish
    cabinet: Finish
    ceiling: Finish
    paint: Finish
    """For a wall on which the wall's own finish cannot be drawn in perspective."""
    trim: Finish
    """Doors, skirting, frames."""
    wood: Finish
    """For dark furniture that the chosen paint cannot cover."""
    accent: Finish
    """Cushions and other small textiles."""

    seed: int
    """For what the patterns leave to chance."""


def choose(restyling: Restyling, variant: int) -> Choice:
    """The finishes of a variant, the same for the same request; two variants differ wherever there is a choice."""
    palette = restyling.style.palette
    materials = restyling.style.materials_for(restyling.room_type)
    random = np.random.default_rng(restyling.seed)
    picked = {kind: _pick(kind, getattr(materials, kind), random, variant) for kind in KINDS if kind != "accent"}
    picked["accent"] = Finish(name="accent fabric", pattern=Pattern.FABRIC, color=palette.accent)
    if restyling.palette:
        picked |= _recoloured(picked, restyling.palette, variant)
    wall = picked["wall"].color if restyling.palette else palette.wall
    return Choice(
        **picked,
        paint=Finish(name="plain paint", pattern=Pattern.PLAIN, color=wall),
        ceiling=Finish(name="ceiling paint", pattern=Pattern.PLAIN, color=palette.ceiling),
        trim=Finish(name="trim lacquer", pattern=Pattern.PLAIN, color=palette.trim),
        wood=Finish(name="stained wood", pattern=Pattern.PLAIN, color=palette.wood),
        seed=int(random.integers(1 << 32)) + variant,
    )


def _pick(kind: str, alternatives: Alternatives, random: np.random.Generator, variant: int) -> Finish:
    order = random.permutation(len(alternatives))
    turn = variant + variant // 2 if kind in CROSSED else variant
    return alternatives[int(order[turn % len(alternatives)])]


def _recoloured(picked: Mapping[str, Finish], palette: Sequence[str], variant: int) -> dict[str, Finish]:
    """The finishes that get one of the caller's colours.

    Each group takes the colour nearest to its own of those that are left; when every group has one, colours still left
    go to single kinds.
    """
    colors = colour.lab_of_hex(palette)
    left = list(range(len(palette)))
    given: dict[str, Finish] = {}
    for kinds in (*TOGETHER, ("bedding",), ("cabinet",), ("accent",)):
        if not left and not set(kinds) <= set(ECHO):
            continue
        own = colour.lab(colour.from_hex(picked[kinds[0]].color)[None])[0]
        away = colour.delta_e(colors, own)
        nearest = sorted(left or range(len(palette)), key=lambda index: (float(away[index]), index))
        index = nearest[variant % len(nearest)]
        if left:
            left.remove(index)
        elif given.keys() >= set(kinds):
            continue
        for kind in kinds:
            given[kind] = msgspec.structs.replace(picked[kind], color=palette[index].upper(), second=None)
    return given
