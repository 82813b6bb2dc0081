"""Colours as callers name them: `#RRGGBB`, sRGB, a few at a time."""

import re
from collections.abc import Sequence
from typing import Final

from servicekit.errors import InvalidArgument

PATTERN: Final = "^#[0-9A-Fa-f]{6}$"
MAX_PALETTE: Final = 8
REASON: Final = "FIELD_INVALID"
"""The error code of a palette that breaks the rules, over HTTP and on the wire alike."""

_COLOUR: Final = re.compile(PATTERN[1:-1])


def parse_palette(colours: Sequence[str], *, field: str) -> tuple[str, ...]:
    """The colours in upper case; raises InvalidArgument naming `field` for more than 8, or for one of another form."""
    if len(colours) > MAX_PALETTE:
        raise InvalidArgument(REASON, f"{field} has {len(colours)} colours, at most {MAX_PALETTE}.", field=field)
    for colour in colours:
        if not _COLOUR.fullmatch(colour):
            raise InvalidArgument(REASON, f"{field}: {colour[:20]!r} is not of the form #RRGGBB.", field=field)
    return tuple(colour.upper() for colour in colours)


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0–255, of a colour that has been checked."""
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue
