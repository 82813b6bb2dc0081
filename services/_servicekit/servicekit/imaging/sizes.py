"""Sizes of pictures, as numbers alone."""

from typing import Final

_NEAR: Final = 0.97
"""A size that a JPEG's decoder itself can give is taken from this share of the bound on: nothing is resized then."""


def bounded_size(width: int, height: int, long_side: int, *, least: int = 1) -> tuple[int, int]:
    """Width and height in proportion, the longer at most `long_side`, neither below `least`; never enlarged."""
    scale = min(1.0, long_side / max(width, height))
    if scale == 1.0:
        return width, height
    return max(least, round(width * scale)), max(least, round(height * scale))


def decoder_size(width: int, height: int, long_side: int) -> tuple[int, int]:
    """The least size to ask a JPEG's decoder for, which scales by 2, 4 or 8 (libjpeg's scaled inverse DCT).

    One that needs no resizing afterwards where the decoder can give it, else the bounded one.
    """
    for share in (8, 4, 2):
        if _NEAR * long_side <= -(-max(width, height) // share) <= long_side:
            return width // share, height // share
    return bounded_size(width, height, long_side)
