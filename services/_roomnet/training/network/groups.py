"""The classes that the network tells apart: groups of ADE20K's that need not be told apart from each other."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.labels import INDEX

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "wall": ("wall", "column"),
    "floor": ("floor",),
    "ceiling": ("ceiling",),
    "window": ("windowpane",),
    "door": ("door",),
    "curtain": ("curtain", "blind"),
    "rug": ("rug",),
    "bed": ("bed", "pillow", "blanket"),
    "sofa": ("sofa",),
    "armchair": ("armchair",),
    "chair": ("chair", "swivel chair", "stool", "bench", "ottoman"),
    "table": ("table", "coffee table", "desk"),
    "cabinet": ("cabinet", "chest of drawers", "wardrobe"),
    "shelf": ("shelf", "bookcase", "book"),
    "counter": ("counter", "countertop", "kitchen island", "sink"),
    "appliance": ("refrigerator", "oven", "stove", "dishwasher", "microwave", "hood"),
    "bathroom": ("toilet", "bathtub", "shower"),
    "lamp": ("lamp", "light", "chandelier", "sconce"),
    "picture": ("painting",),
    "mirror": ("mirror",),
    "screen": ("television receiver", "monitor", "computer", "screen"),
    "plant": ("plant",),
    "fireplace": ("fireplace",),
    "other": (),
}
"""In the order of the network's outputs; `other` is whatever no group names."""

NAMES: Final = tuple(GROUPS)
IGNORED: Final = 255


def table() -> NDArray[np.uint8]:
    """256 entries: ADE20K's index to that of its group; IGNORED stays."""
    groups = np.full(256, NAMES.index("other"), np.uint8)
    for number, labels in enumerate(GROUPS.values()):
        for label in labels:
            groups[INDEX[label]] = number
    groups[IGNORED] = IGNORED
    return groups
