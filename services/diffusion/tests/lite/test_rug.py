"""Where a rug is laid."""

import numpy as np

from diffusion.lite import camera
from diffusion.lite.rug import find_place


def test_a_rug_finds_the_empty_part_of_the_floor() -> None:
    view = camera.Camera(focal=800.0, horizon=280.0, centre=(512.0, 384.0), turn=0.2, certainty=1.0)
    floor = np.zeros((768, 1024), dtype=np.uint8)
    floor[380:] = 1
    floor[:, :420] = 0
    place = find_place(floor, view)
    assert place is not None
    corners = place.corners(view)
    assert (corners[:, 0] > 420).all()
    assert (corners < (1024, 768)).all()
    assert corners[:, 1].min() > 380
    assert find_place(np.zeros_like(floor), view) is None
