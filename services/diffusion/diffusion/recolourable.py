"""Which part of a room a palette is for."""

from typing import Final

import numpy as np

from diffusion.domain import Restyling
from servicekit.imaging.arrays import Mask
from servicekit.types import ade20k

WALLS: Final = ("wall",)
TEXTILES: Final = (
    "bed",
    "curtain",
    "sofa",
    "rug",
    "armchair",
    "seat",
    "cushion",
    "pillow",
    "towel",
    "ottoman",
    "blanket",
)


def recolourable(restyling: Restyling, kept: Mask | None) -> Mask | None:
    """Walls and textiles that are not kept: what people mean by a room's colours. None where surfaces are not known.

    Ceilings, windows, floors and wood have colours of their own.
    """
    segmentation = restyling.maps.segmentation
    if segmentation is None:
        return None
    meant: Mask = np.isin(segmentation, [ade20k.index(name) for name in (*WALLS, *TEXTILES)])
    return meant if kept is None else meant & ~kept
