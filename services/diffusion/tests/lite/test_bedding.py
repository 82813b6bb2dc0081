"""Blankets told from the bed's frame."""

import numpy as np
import pytest

from diffusion.lite.bedding import blankets
from diffusion.lite.edge_evidence import edges
from servicekit.imaging.arrays import floats


@pytest.mark.parametrize(("frame", "apart"), [((18.0, 10.0, 14.0), True), ((60.0, 2.0, 8.0), False)])
def test_a_blanket_is_told_from_a_dark_frame(frame: tuple[float, float, float], apart: bool) -> None:
    lab = np.full((200, 300, 3), (40.0, 0.0, 0.0), dtype=np.float32)
    bed = np.zeros((200, 300), dtype=np.uint8)
    bed[60:180, 40:260] = 1
    lab[60:140, 40:260], lab[140:180, 40:260] = (85.0, 0.0, 4.0), frame
    cloth = blankets(lab, edges(lab), bed)
    assert cloth[70:130, 50:250].all()
    assert bool(cloth[150:170, 50:250].any()) is not apart


def test_light_and_shade_on_one_blanket_are_one_blanket() -> None:
    lab = np.zeros((200, 300, 3), dtype=np.float32)
    lab[..., 0] = np.linspace(8, 90, 300)
    bed = np.ones((200, 300), dtype=np.uint8)
    np.testing.assert_array_equal(blankets(lab, edges(lab), bed), bed)


def test_light_and_shade_on_a_dyed_blanket_and_its_figures_are_one_blanket() -> None:
    lab = np.zeros((200, 300, 3), dtype=np.float32)
    lab[:100], lab[100:] = (56.0, 14.0, 20.0), (14.0, 6.0, 8.0)
    bed = np.ones((200, 300), dtype=np.uint8)
    np.testing.assert_array_equal(blankets(lab, edges(lab), bed), bed)
    figured = np.where((np.indices((200, 300)).sum(axis=0) // 3 % 2)[..., None], (80.0, 0, 2), (15.0, 0, 0))
    np.testing.assert_array_equal(blankets(floats(figured), edges(floats(figured)), bed), bed)
