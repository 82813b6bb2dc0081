"""What of a segmentation map each surface is that can be repainted by itself."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from servicekit.types.surfaces import SurfaceName

CLASSES: Final[Mapping[SurfaceName, tuple[str, ...]]] = MappingProxyType(
    {
        SurfaceName.WALL: ("wall", "column"),
        SurfaceName.FLOOR: ("floor",),
        SurfaceName.CEILING: ("ceiling",),
        SurfaceName.CABINET: (
            "cabinet",
            "wardrobe",
            "chest of drawers",
            "shelf",
            "bookcase",
            "desk",
            "table",
            "coffee table",
            "buffet",
            "kitchen island",
        ),
        SurfaceName.UPHOLSTERY: ("sofa", "armchair", "ottoman", "seat"),
        SurfaceName.BED: ("bed", "blanket"),
        SurfaceName.CURTAIN: ("curtain",),
        SurfaceName.RUG: ("rug",),
    }
)
"""Names of ADE20K classes; no class is of two surfaces."""
