"""The maps themselves."""

import cv2
import numpy as np
import pytest

from controlmaps import canny, classify, depth, segmentation
from controlmaps.domain import Classification, Segmentation
from servicekit.types import ade20k
from servicekit.types.rooms import RoomType
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


def test_depth_spans_the_whole_range_and_near_is_bright() -> None:
    inverse = np.array([[0.2, 0.5], [0.8, 2.2]], dtype=np.float32)
    assert depth.draw(inverse).tolist() == [[0, 38], [76, 255]]


def test_depth_of_a_flat_scene_is_black() -> None:
    assert not depth.draw(np.full((4, 5), 3.0, dtype=np.float32)).any()


def test_segmentation_wears_the_colours_of_ade20k() -> None:
    labels = np.array([[ade20k.index("wall"), ade20k.index("floor")]], dtype=np.uint8)
    found = Segmentation(labels=labels, confidence=np.array([[0.0, 1.2]], dtype=np.float32))
    assert segmentation.draw(found).tolist() == [[[0x78, 0x78, 0x78], [0x50, 0x32, 0x32]]]
    assert segmentation.draw_confidence(found).tolist() == [[0, 255]]


def test_classification_names_every_type_and_sums_to_one() -> None:
    found = classify.completed(
        Classification(rooms={RoomType.KITCHEN: 3.0, RoomType.OFFICE: 1.0}, room_probability=1.2)
    )
    assert set(found.rooms) == set(RoomType)
    assert sum(found.rooms.values()) == pytest.approx(1)
    assert found.rooms[RoomType.KITCHEN] == pytest.approx(0.75)
    assert found.room_probability == 1


def test_classification_of_an_engine_that_knows_nothing_is_other() -> None:
    found = classify.completed(Classification(rooms={}, room_probability=0.0))
    assert found.rooms[RoomType.OTHER] == 1
