"""The seam between controlmaps and what computes it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from controlmaps.domain import Classification, Segmentation
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import Engine as AnyEngine


class Engine(AnyEngine, Protocol):
    """Understands a photo. Canny and quality need no model and belong to the pipeline.

    All raise servicekit.errors.Exhausted where the device is busy or out of memory.
    """

    @property
    def measures_depth(self) -> bool:
        """Whether depth is a model's own look at the picture, and no consequence of the surfaces found."""

    async def classify(self, photo: RGB) -> Classification:
        """What kind of room it is, and whether it is one."""

    async def depth(self, photo: RGB) -> NDArray[np.float32]:
        """H×W inverse depth up to scale and shift: near is large. Not yet normalised."""

    async def segment(self, photo: RGB) -> Segmentation:
        """A label for every pixel, at the photo's size."""
