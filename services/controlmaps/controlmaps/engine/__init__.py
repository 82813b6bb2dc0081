"""The seam between controlmaps and what computes it."""

from collections.abc import Set as AbstractSet
from typing import Protocol

from controlmaps.domain import Analysis
from controlmaps.engine.tasks import Task
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import Engine as AnyEngine


class Engine(AnyEngine, Protocol):
    """Analyses a photo. Canny and quality need no model and belong to the pipeline."""

    @property
    def measures_depth(self) -> bool:
        """Whether depth comes from a model of its own, and does not follow from the surfaces found."""

    async def analyze(self, photo: RGB, tasks: AbstractSet[Task]) -> Analysis:
        """The answers to the tasks, at the photo's size; depth is not yet normalised.

        Raises servicekit.errors.Exhausted where the device is busy or out of memory.
        """
