"""How far an object's lightness may change."""

import numpy as np
import pytest

from diffusion.lite.parameters import RECOLOUR
from diffusion.lite.recolouring import turns_grey, within_reach
from servicekit.imaging import colour


def test_things_change_their_lightness_only_so_far() -> None:
    black, dark, white = (colour.from_hex(color) for color in ("#101010", "#505050", "#F2F2F0"))
    for one, other, limit in ((white, dark, RECOLOUR.lighter), (black, white, RECOLOUR.darker)):
        lightness = colour.lab(np.stack([within_reach(one, other), other]))[:, 0]
        assert abs(lightness[0] - lightness[1]) == pytest.approx(limit, abs=0.5)
    brighter = float(within_reach(white, black).max() / black.max())
    assert brighter == pytest.approx(RECOLOUR.brightest, rel=0.02), "what is nearly black becomes dusty"
    assert turns_grey(white, black)
    assert not turns_grey(colour.from_hex("#B4623E"), black)
    assert not turns_grey(white, colour.from_hex("#C0C0C0"))
