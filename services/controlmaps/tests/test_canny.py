"""Edges of a photo."""

import cv2
import numpy as np
import pytest

from controlmaps import canny
from tests.fixtures.rooms import DrawnRoom


def test_canny_marks_borders_and_nothing_else(drawn_room: DrawnRoom) -> None:
    edges = canny.draw(drawn_room.photo)
    assert set(np.unique(edges)) == {0, 255}
    assert edges[110:120, 400:460].any()  # the window's upper edge
    assert not edges[170:230, 380:480].any()  # its pane


def test_canny_finds_in_a_hazy_photo_what_the_classic_thresholds_miss() -> None:
    # stripes 20 pixels wide: faint borders everywhere, and every eighth pair stronger
    stripes = np.array([100, 128] * 7 + [100, 172], dtype=np.uint8).repeat(20)
    sharp = np.broadcast_to(stripes[None, :, None], (200, len(stripes), 3))
    hazy = np.asarray(cv2.GaussianBlur(np.ascontiguousarray(sharp), (0, 0), 1.5), dtype=np.uint8)
    assert not cv2.Canny(cv2.cvtColor(hazy, cv2.COLOR_RGB2GRAY), *canny.CLASSIC).any()
    edges = canny.draw(hazy)
    assert edges[:, 290:310].any()
    assert not edges[:, :270].any()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_canny_thresholds_stay_within_limits_on_flat_pictures(level: int) -> None:
    flat = np.full((40, 50), level, dtype=np.uint8)
    low, high = canny.thresholds(flat)
    assert (low, high) == (100 * canny.SCALE_LIMITS[0], 200 * canny.SCALE_LIMITS[0])
    assert not canny.draw(np.repeat(flat[..., None], 3, axis=2)).any()
