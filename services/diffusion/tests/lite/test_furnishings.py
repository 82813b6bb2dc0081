"""Which furniture and doors are painted."""

import numpy as np

from diffusion.lite.furnishings import is_motley, is_opaque
from servicekit.imaging.arrays import floats


def test_glass_doors_are_not_painted() -> None:
    door = np.ones((120, 60), dtype=np.uint8)
    wood = np.full((120, 60, 3), (35.0, 15.0, 20.0), dtype=np.float32)
    wood[::20] -= floats([8.0, 0.0, 0.0])
    assert is_opaque(wood, door)
    garden = np.random.default_rng(1).uniform((20, -25, -20), (95, 10, 30), (120, 60, 3)).astype(np.float32)
    assert not is_opaque(garden, door)
    assert not is_opaque(np.full((120, 60, 3), (97.0, 0.0, 0.0), dtype=np.float32), door), "daylight"


def test_a_chair_with_table_and_rug_is_motley_and_a_sofa_is_not() -> None:
    part = np.ones((90, 120), dtype=np.uint8)
    sofa = np.full((90, 120, 3), (50.0, 5.0, 12.0), dtype=np.float32)
    sofa[:, :, 0] += np.linspace(-30, 30, 120, dtype=np.float32)
    assert not is_motley(sofa, part)
    sofa[:, 40:80], sofa[:, 80:] = (40.0, -15.0, 12.0), (35.0, 35.0, 20.0)
    assert is_motley(sofa, part)
