"""What each mode of a room does differently from restyling it: control maps, strength, prompts, and what is kept.

- `stage`: the segmentation and edges of an empty room say that it is empty, so neither conditions the picture; depth
  holds the shell for the first steps alone, in which the layout is decided, straight lines (M-LSD) hold walls, windows
  and doors, and denoising starts from noise alone.
- `declutter`: only what is to be removed is painted, from noise, by the inpainting ControlNet; everything else is kept.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from diffusion import keep
from diffusion.domain import Restyling
from diffusion.sd.control import ControlSchedule
from diffusion.sd.options import Control
from servicekit.errors import FailedPrecondition
from servicekit.imaging.arrays import Mask
from servicekit.types.modes import RoomMode
from servicekit.types.rooms import RoomType

DEPTH: Final = "depth"
LINES: Final = "mlsd"
INPAINT: Final = "inpaint"

STAGE_ENDS: Final[Mapping[str, float]] = {DEPTH: 0.4, LINES: 1.0, INPAINT: 1.0}
"""Share of the steps after which each ControlNet that stages a room ends, at the latest; the others take no part."""
NEEDED: Final[Mapping[RoomMode, str]] = {RoomMode.STAGE: DEPTH, RoomMode.DECLUTTER: INPAINT}
"""The ControlNet without which an engine cannot do a mode."""

GROWTH: Final = 0.012
"""How far around it a thing that is removed is repainted, as a share of the long side: its contact shadow, and the rim
that its mask misses."""
FURNISHED: Final = "fully furnished, tasteful furniture arrangement"
NOT_EMPTY: Final = "empty room, unfurnished, bare floor"
CLEARED: Final = "clean empty surface, uncluttered {room}, plain continuous wall and floor, interior photograph"
CLUTTER: Final = "clutter, objects, boxes, toys, plants, pictures, cushions, blurry, text, watermark, people"


def possible(controls: Mapping[Control, object]) -> frozenset[RoomMode]:
    """The modes that an engine with these ControlNets can do."""
    loaded = {str(control) for control in controls}
    return frozenset(mode for mode in RoomMode if mode not in NEEDED or NEEDED[mode] in loaded)


def schedule(mode: RoomMode, control: Control, default: ControlSchedule) -> ControlSchedule | None:
    """How a ControlNet takes part in a mode, given how it takes part in restyling; None where it does not."""
    match mode:
        case RoomMode.RESTYLE:
            return default
        case RoomMode.STAGE:
            end = STAGE_ENDS.get(str(control))
            return None if end is None else replace(default, end=min(default.end, end))
        case RoomMode.DECLUTTER:
            return default if str(control) == INPAINT else None


def strength(restyling: Restyling) -> float:
    """The caller's for restyling; both other modes paint from noise alone."""
    return restyling.strength if restyling.mode is RoomMode.RESTYLE else 1.0


def kept(restyling: Restyling) -> Mask | None:
    """What must stay: as `keep.kept`, and for `declutter` all but what is removed, grown by its shadow.

    Raises FailedPrecondition where that leaves nearly nothing to paint, or nothing is to be removed.
    """
    if restyling.mode is not RoomMode.DECLUTTER:
        return keep.kept(restyling)
    if restyling.remove is None or not restyling.remove.any():
        raise FailedPrecondition("NOTHING_TO_REMOVE", "Nothing was found in the photo that declutter removes.")
    radius = max(1, round(GROWTH * max(restyling.remove.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    stays = np.asarray(cv2.dilate(restyling.remove.astype(np.uint8), disc) == 0)
    return stays if restyling.keep is None else stays | restyling.keep


def prompts(mode: RoomMode, positive: str, negative: str, room: RoomType | None) -> tuple[str, str]:
    """A style's prompts as the mode wants them."""
    match mode:
        case RoomMode.RESTYLE:
            return positive, negative
        case RoomMode.STAGE:
            return f"{positive}, {FURNISHED}", f"{negative}, {NOT_EMPTY}"
        case RoomMode.DECLUTTER:
            name = "room" if room in (None, RoomType.OTHER) else str(room).replace("_", " ")
            return CLEARED.format(room=name), CLUTTER
