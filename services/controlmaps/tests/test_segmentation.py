"""The segmentation map, and its confidence."""

import numpy as np

from controlmaps import segmentation
from controlmaps.domain import Segmentation
from servicekit.types import ade20k


def test_segmentation_wears_the_colours_of_ade20k() -> None:
    labels = np.array([[ade20k.index("wall"), ade20k.index("floor")]], dtype=np.uint8)
    found = Segmentation(labels=labels, confidence=np.array([[0.0, 1.2]], dtype=np.float32))
    assert segmentation.draw(found).tolist() == [[[0x78, 0x78, 0x78], [0x50, 0x32, 0x32]]]
    assert segmentation.draw_confidence(found).tolist() == [[0, 255]]
