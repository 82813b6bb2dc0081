"""Names that people give to colours in rooms, for prompts: image captions say words, not numbers."""

from collections.abc import Mapping
from typing import Final

from servicekit.imaging import colour

NAMES: Final[Mapping[str, str]] = {
    "white": "#FFFFFF",
    "off white": "#F4F1EA",
    "cream": "#F3E9D2",
    "ivory": "#F8F4E3",
    "beige": "#D9C7A8",
    "sand": "#CBB591",
    "taupe": "#8B7E74",
    "light gray": "#CFCFCF",
    "gray": "#8C8C8C",
    "charcoal": "#3B3D40",
    "black": "#101010",
    "brown": "#6B4A2F",
    "walnut brown": "#4F3626",
    "tan": "#B88C5E",
    "camel": "#A9783F",
    "caramel": "#B26A2E",
    "terracotta": "#BF5B3D",
    "rust": "#9C4322",
    "brick red": "#8C3B2E",
    "red": "#C8202A",
    "burgundy": "#5E1626",
    "coral": "#F0786A",
    "salmon pink": "#F2A594",
    "blush pink": "#EBC8C2",
    "dusty rose": "#C48F8C",
    "pink": "#EE7FAE",
    "magenta": "#B3217E",
    "plum": "#5C2F57",
    "lavender": "#BBAAD8",
    "purple": "#6E3FA0",
    "navy blue": "#1B2A4A",
    "royal blue": "#2448B8",
    "blue": "#2F6FD0",
    "sky blue": "#93C3E6",
    "pale blue": "#CBDDE8",
    "slate blue": "#5B6F86",
    "steel blue": "#4A7FA8",
    "teal": "#1F7A7A",
    "turquoise": "#3CC0B8",
    "mint green": "#B7E0C8",
    "sage green": "#A3AD91",
    "olive green": "#6E7035",
    "forest green": "#23492F",
    "emerald green": "#0F8A5F",
    "green": "#3E9B44",
    "lime green": "#A6CE39",
    "mustard yellow": "#D2A32C",
    "pale yellow": "#F5E9A9",
    "yellow": "#F4D03A",
    "gold": "#B8963E",
    "orange": "#EC7F22",
    "peach": "#F6C5A0",
}


def nearest_name(color: str) -> str:
    """The name whose colour is nearest to `#RRGGBB` by ΔE2000."""
    table = colour.lab_of_hex(NAMES.values())
    return list(NAMES)[int(colour.delta_e(table, colour.lab_of_hex([color])).argmin())]
