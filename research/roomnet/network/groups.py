"""The classes that the network tells apart: groups of ADE20K's that need not be told apart from each other."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from research.roomnet.labels import INDEX

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "wall": ("wall", "column"),
    "floor": ("floor",),
    "ceiling": ("ceiling",),
    "window": ("windowpane",),
    "door": ("door",),
    "blind": ("blind",),
    "curtain": ("curtain",),
    "rug": ("rug",),
    "bed": ("bed", "blanket"),
    "cushion": ("cushion", "pillow"),
    "sofa": ("sofa",),
    "armchair": ("armchair",),
    "chair": ("chair", "swivel chair"),
    "stool": ("stool", "bench", "ottoman"),
    "table": ("table",),
    "coffee_table": ("coffee table",),
    "desk": ("desk",),
    "cabinet": ("cabinet", "chest of drawers"),
    "wardrobe": ("wardrobe",),
    "shelf": ("shelf", "bookcase", "book"),
    "counter": ("counter", "countertop", "kitchen island"),
    "sink": ("sink",),
    "refrigerator": ("refrigerator",),
    "oven": ("oven", "stove", "microwave", "dishwasher", "hood"),
    "toilet": ("toilet",),
    "bathtub": ("bathtub",),
    "shower": ("shower",),
    "lamp": ("lamp", "light", "chandelier", "sconce"),
    "picture": ("painting",),
    "mirror": ("mirror",),
    "screen": ("television receiver", "monitor", "computer", "screen"),
    "plant": ("plant",),
    "fireplace": ("fireplace",),
    "other": ("box",),
}
"""In the order of the network's outputs. The first label of each stands for it in ADE20K's terms."""

NAMES: Final = tuple(GROUPS)
IGNORED: Final = 255

OTHER: Final = NAMES.index("other")
"""Whatever no group names."""

SURFACES: Final = ("wall", "floor", "ceiling", "window", "furniture")
"""What restyling has to get right; blinds count as windows, rugs as floor, curtains as furniture."""

_SURFACE: Final = {"wall": 0, "floor": 1, "rug": 1, "ceiling": 2, "window": 3, "door": 3, "blind": 3}


def table() -> NDArray[np.uint8]:
    """256 entries: ADE20K's index to that of its group; IGNORED stays."""
    groups = np.full(256, OTHER, np.uint8)
    for number, labels in enumerate(GROUPS.values()):
        for label in labels:
            groups[INDEX[label]] = number
    groups[IGNORED] = IGNORED
    return groups


def ade20k() -> tuple[int, ...]:
    """ADE20K's index of every group's first label."""
    return tuple(INDEX[labels[0]] for labels in GROUPS.values())


def surfaces() -> NDArray[np.uint8]:
    """Every group's index into SURFACES."""
    return np.array([_SURFACE.get(name, SURFACES.index("furniture")) for name in NAMES], np.uint8)


def numbers(*names: str) -> tuple[int, ...]:
    """Indices of those groups; raises ValueError for a name that is none."""
    return tuple(NAMES.index(name) for name in names)
