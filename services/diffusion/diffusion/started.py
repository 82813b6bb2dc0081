"""The moment at which a device takes a request up."""

from collections.abc import Generator
from typing import TypeVar

from diffusion.domain import Started

Step = TypeVar("Step")


def reporting_start(steps: Generator[Step, None, None]) -> Generator[Started | Step, None, None]:
    """The steps, and before them Started: run on a device's executor, it comes when the device is free for them."""
    try:
        yield Started()
        yield from steps
    finally:
        steps.close()  # also where nothing but Started was asked for
