"""The seam between diffusion and what computes it."""

from collections.abc import AsyncGenerator
from typing import Protocol, TypeAlias

from diffusion.capabilities import Capable
from diffusion.domain import PreviewFrame, Progress, Restyling, Result, Started
from servicekit.inference.engine import Engine as AnyEngine

Step: TypeAlias = Started | Progress | PreviewFrame | Result


class Engine(AnyEngine, Capable, Protocol):
    """Restyles a photo step by step."""

    def transform(self, restyling: Restyling) -> AsyncGenerator[Step, None]:
        """Yields Started when the device takes the request up, Progress after every step, previews in between, and one
        Result at the end.

        Closing the generator stops the work between two steps. Raises servicekit.errors.FailedPrecondition where the
        kept region leaves nearly nothing, FAILED_PRECONDITION for what it cannot do (`capabilities`), Exhausted where
        the device is busy or out of memory.
        """
