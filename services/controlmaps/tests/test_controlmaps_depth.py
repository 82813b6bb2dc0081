"""The depth map."""

import numpy as np

from controlmaps import depth


def test_depth_spans_the_whole_range_and_near_is_bright() -> None:
    inverse = np.array([[0.2, 0.5], [0.8, 2.2]], dtype=np.float32)
    assert depth.draw(inverse).tolist() == [[0, 38], [76, 255]]


def test_depth_of_a_flat_scene_is_black() -> None:
    assert not depth.draw(np.full((4, 5), 3.0, dtype=np.float32)).any()
