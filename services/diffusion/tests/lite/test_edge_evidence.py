"""Which colours are objects in front of a surface."""

import numpy as np

from diffusion.lite.edge_evidence import edges, exclude_occluders


def test_a_picture_on_the_wall_is_an_occluder_and_a_brick_is_not() -> None:
    lab = np.full((300, 400, 3), (70.0, 4.0, 8.0), dtype=np.float32)
    lab[100:160, 100:200] = (50.0, -30.0, 20.0)
    lab[200:204, 300:308] = (50.0, 35.0, 30.0)
    wall = np.ones((300, 400), dtype=np.uint8)
    free = exclude_occluders(lab, edges(lab), wall)
    assert not free[105:155, 105:195].any()
    assert free[195:210, 295:315].all()
    assert free.mean() > 0.9


def test_coloured_light_is_no_occluder() -> None:
    lab = np.full((300, 400, 3), (70.0, 4.0, 8.0), dtype=np.float32)
    glow = np.hypot(*np.meshgrid(np.arange(400) - 200.0, np.arange(300) - 150.0)).astype(np.float32)
    lab[..., 2] -= 45.0 * np.exp(-((glow / 60) ** 2))
    wall = np.ones((300, 400), dtype=np.uint8)
    assert (np.hypot(lab[..., 1] - 4.0, lab[..., 2] - 8.0) > 30).mean() > 0.02
    np.testing.assert_array_equal(exclude_occluders(lab, edges(lab), wall), wall)


def test_a_rim_of_mixed_colour_is_no_occluder() -> None:
    lab = np.full((300, 400, 3), (70.0, 4.0, 8.0), dtype=np.float32)
    wall = np.zeros((300, 400), dtype=np.uint8)
    wall[:200] = 1
    lab[198:200] = (50.0, 40.0, 30.0)
    np.testing.assert_array_equal(exclude_occluders(lab, edges(lab), wall), wall)
