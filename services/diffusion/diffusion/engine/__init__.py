"""The seam between diffusion and what computes it."""

from collections.abc import AsyncGenerator
from typing import Protocol, TypeAlias

from diffusion.domain import PreviewFrame, Progress, Restyling, Result
from servicekit.inference.engine import Engine as AnyEngine

Step: TypeAlias = Progress | PreviewFrame | Result


class Engine(AnyEngine, Protocol):
    """Restyles a photo step by step."""

    def transform(self, restyling: Restyling) -> AsyncGenerator[Step, None]:
        """Yields Progress after every step, previews in between, and one Result at the end.

        Closing the generator stops the work between two steps. Raises servicekit.errors.FailedPrecondition where the
        kept region leaves nearly nothing, Exhausted where the device is busy or out of memory.
        """
