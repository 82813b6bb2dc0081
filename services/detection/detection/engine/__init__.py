"""The seam between detection and what computes it."""

from collections.abc import Sequence
from typing import Protocol

from detection.domain import Candidate
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import Engine as AnyEngine


class Engine(AnyEngine, Protocol):
    """Finds candidates; what to make of them is the pipeline's matter."""

    async def detect(self, photo: RGB, *, masks: bool) -> Sequence[Candidate]:
        """All candidates above the engine's own threshold, with masks of the photo's size where wanted.

        Raises servicekit.errors.Exhausted where the device is busy or out of memory.
        """
