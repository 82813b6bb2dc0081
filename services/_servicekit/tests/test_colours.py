"""The one rule for colours."""

import re

import pytest

from servicekit.errors import InvalidArgument
from servicekit.types import colours


def test_colours_are_taken_in_either_case_and_kept_in_upper_case() -> None:
    assert colours.parse_palette(["#a1B2c3", "#000000"], field="palette") == ("#A1B2C3", "#000000")
    assert colours.parse_palette([], field="palette") == ()
    assert colours.rgb("#A1B2C3") == (0xA1, 0xB2, 0xC3)


@pytest.mark.parametrize("palette", [["#FFF"], ["FFFFFF"], ["#FFFFFF", "#GGGGGG"], ["#FFFFFF\n"], ["#FFFFFF"] * 9])
def test_other_palettes_are_refused_by_the_name_of_their_field(palette: list[str]) -> None:
    with pytest.raises(InvalidArgument, match="palette") as refused:
        colours.parse_palette(palette, field="palette")
    assert (refused.value.reason, refused.value.metadata["field"]) == ("FIELD_INVALID", "palette")


def test_the_pattern_for_schemas_says_the_same() -> None:
    assert re.search(colours.PATTERN, "#a1B2c3")
    assert not re.search(colours.PATTERN, "#GGGGGG")
