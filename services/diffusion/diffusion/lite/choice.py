"""What the seed decides: one finish for each surface, in the caller's colours where there are any."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from diffusion.domain import Restyling
from diffusion.lite import colour
from diffusion.styles import Alternatives, Finish, Pattern
from servicekit.vocabulary import RoomType

BY_AREA: Final = ("wall", "floor", "upholstery", "bedding", "cabinet", "curtain", "rug")
"""Kinds of materials in the order in which the caller's colours are given out."""

BARE: Final = frozenset({RoomType.KITCHEN, RoomType.BATHROOM})
"""Rooms whose floor stays bare."""


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

    may_add_rug: bool
    """Whether the room's type is one that a rug may be added to."""

    seed: int
    """For what the patterns leave to chance."""


def choose(restyling: Restyling, variant: int) -> Choice:
    """The finishes of a variant, the same for the same request; two variants differ wherever there is a choice."""
    materials = restyling.style.materials_for(restyling.room_type)
    random = np.random.default_rng(restyling.seed)
    picked = {kind: _pick(getattr(materials, kind), random, variant) for kind in BY_AREA}
    if restyling.palette:
        picked = _recoloured(picked, restyling.palette, variant)
    palette = restyling.style.palette
    accent = picked["upholstery"].color if restyling.palette else palette.accent
    return Choice(
        **picked,
        paint=Finish(
            name="plain paint",
            pattern=Pattern.PLAIN,
            color=picked["wall"].color if restyling.palette else palette.wall,
        ),
        ceiling=Finish(name="ceiling paint", pattern=Pattern.PLAIN, color=palette.ceiling),
        trim=Finish(name="trim lacquer", pattern=Pattern.PLAIN, color=palette.trim),
        wood=Finish(name="stained wood", pattern=Pattern.PLAIN, color=palette.wood),
        accent=Finish(name="accent fabric", pattern=Pattern.FABRIC, color=accent),
        may_add_rug=restyling.room_type not in BARE,
        seed=int(random.integers(1 << 32)) + variant,
    )


def _pick(alternatives: Alternatives, random: np.random.Generator, variant: int) -> Finish:
    order = random.permutation(len(alternatives))
    return alternatives[int(order[variant % len(alternatives)])]


def _recoloured(picked: dict[str, Finish], palette: Sequence[str], variant: int) -> dict[str, Finish]:
    """Every colour gets a surface while there are surfaces left; each takes the one nearest to what it was."""
    colors = colour.lab_of(np.stack([colour.from_hex(color) for color in palette]))
    unused = list(range(len(palette)))
    result = {}
    for kind in BY_AREA:
        own = colour.lab_of(colour.from_hex(picked[kind].color)[None])[0]
        candidates = unused or list(range(len(palette)))
        nearest = sorted(candidates, key=lambda index: (float(colour.delta_e(colors[index], own)), index))
        index = nearest[variant % len(nearest)]
        if unused:
            unused.remove(index)
        result[kind] = msgspec.structs.replace(picked[kind], color=palette[index].upper(), second=None)
    return result
