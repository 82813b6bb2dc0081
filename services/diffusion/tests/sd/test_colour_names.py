"""Names of colours. Needs no torch."""

import pytest

from diffusion.sd.colour_names import nearest_name


@pytest.mark.parametrize(
    ("color", "name"), [("#FFFFFF", "white"), ("#9FAA8E", "sage green"), ("#1A2845", "navy blue"), ("#7F7F7F", "gray")]
)
def test_colours_have_names(color: str, name: str) -> None:
    assert nearest_name(color) == name
