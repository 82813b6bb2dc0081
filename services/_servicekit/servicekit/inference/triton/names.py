"""Names and formats that client and backend share."""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

PROVENANCE: Final = "models"
"""Output in which our own backends name their models: lines of `repository@revision`."""

OUT_OF_MEMORY: Final = "OUT_OF_MEMORY"
"""Prefix of our own backends' message for it; Triton has no status for it."""


def lines_to_array(lines: Iterable[str]) -> NDArray[np.uint8]:
    """Text as bytes of UTF-8, since DLPack has no text."""
    return np.frombuffer("\n".join(lines).encode(), dtype=np.uint8)


def lines_from_array(array: NDArray[np.uint8]) -> list[str]:
    """Back from `lines_to_array`."""
    return array.tobytes().decode().splitlines()
