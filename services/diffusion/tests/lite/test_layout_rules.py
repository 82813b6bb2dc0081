"""Which labels may be above which."""

import numpy as np

from diffusion.lite.labels import Label
from diffusion.lite.layout_rules import apply_layout_rules


def test_walls_over_a_ceiling_and_under_a_floor_are_not_walls() -> None:
    labels = np.full((100, 3), Label.WALL, dtype=np.uint8)
    labels[10:30, 0] = Label.CEILING
    labels[60:90, 1] = Label.FLOOR
    labels[70:72, 2] = Label.CEILING  # a label lost in the middle of a wall
    ordered = apply_layout_rules(labels)
    assert (ordered[:30, 0] == Label.CEILING).all()
    assert (ordered[30:, 0] == Label.WALL).all()
    assert (ordered[60:, 1] == Label.FLOOR).all()
    assert (ordered[:70, 2] == Label.WALL).all()
