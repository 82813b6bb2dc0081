"""What each mode of a room does differently from restyling it: control maps, strength, prompts, and what is kept.

`stage` paints from noise alone by the recipe `STAGE`. `declutter` paints only what is to be removed, from noise, by the
inpainting ControlNet, or from what LaMa fills it with where the store has it; everything else is kept.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np

from diffusion import keep
from diffusion.domain import Restyling
from diffusion.sd import recipes, surfaces
from diffusion.sd.options import Control, Structure
from diffusion.sd.recipes import Recipe
from servicekit.errors import FailedPrecondition
from servicekit.imaging.arrays import Mask
from servicekit.types.modes import RoomMode
from servicekit.types.rooms import RoomType

NEEDED: Final[Mapping[RoomMode, Control]] = MappingProxyType(
    {RoomMode.STAGE: Control.DEPTH, RoomMode.DECLUTTER: Control.INPAINT}
)
"""The ControlNet without which an engine cannot do a mode."""

GROWTH: Final = 0.012
"""How far around it a thing that is removed is repainted, as a share of the long side: its contact shadow, and the rim
that its mask misses."""
FURNISHED: Final = "fully furnished, tasteful furniture arrangement"
NOT_EMPTY: Final = "empty room, unfurnished, bare floor"
CLEARED: Final = "clean empty surface, uncluttered {room}, plain continuous wall and floor, interior photograph"
CLUTTER: Final = "clutter, objects, boxes, toys, plants, pictures, cushions"


def possible(loaded: Collection[Control]) -> frozenset[RoomMode]:
    """The modes that an engine with these ControlNets can do."""
    return frozenset(mode for mode in RoomMode if mode not in NEEDED or NEEDED[mode] in loaded)


def recipe(restyling: Restyling, structure: Structure) -> Recipe:
    """The ControlNets that steer the picture's first pass."""
    kept_by_name = restyling.keep is not None and restyling.keep.any()
    around = recipes.AROUND_KEPT if kept_by_name or restyling.surfaces else {}
    match restyling.mode:
        case RoomMode.RESTYLE:
            return {**recipes.STRUCTURES[structure], **around}
        case RoomMode.STAGE:
            return {**recipes.STAGE, **around}
        case RoomMode.DECLUTTER:
            return recipes.AROUND_KEPT


def strength(restyling: Restyling) -> float:
    """The caller's for restyling; both other modes paint from noise alone."""
    return restyling.strength if restyling.mode is RoomMode.RESTYLE else 1.0


def kept(restyling: Restyling) -> Mask | None:
    """What must stay: as `keep.kept`; for `declutter` all but what is removed, grown by its shadow; where surfaces are
    named, all but those.

    Raises FailedPrecondition where that leaves nearly nothing to paint, or nothing is to be removed; InvalidArgument
    where surfaces are named and no map tells where they are.
    """
    if restyling.surfaces:
        return ~surfaces.painted(restyling)
    if restyling.mode is not RoomMode.DECLUTTER:
        return keep.kept(restyling)
    if restyling.remove is None or not restyling.remove.any():
        raise FailedPrecondition("NOTHING_TO_REMOVE", "Nothing was found in the photo that declutter removes.")
    radius = max(1, round(GROWTH * max(restyling.remove.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    stays = np.asarray(cv2.dilate(restyling.remove.astype(np.uint8), disc) == 0)
    return stays if restyling.keep is None else stays | restyling.keep


def prompts(restyling: Restyling, positive: str, negative: str) -> tuple[str, str]:
    """The prompts of a restyled picture as the mode wants them."""
    match restyling.mode:
        case RoomMode.RESTYLE:
            return positive, negative
        case RoomMode.STAGE:
            return f"{positive}, {FURNISHED}", f"{negative}, {NOT_EMPTY}"
        case RoomMode.DECLUTTER:
            room = restyling.room_type
            name = "room" if room in (None, RoomType.OTHER) else str(room).replace("_", " ")
            return CLEARED.format(room=name), f"{CLUTTER}, {negative}"
