"""One thing under two labels: what the lite engine joins, and what it leaves alone as half a thing."""

import numpy as np
import pytest

from diffusion.lite.region_merging import made_whole
from diffusion.lite.regions import Region
from servicekit.types import ade20k

GREY, BROWN, BLUE, WHITE = (90, 90, 95), (120, 80, 50), (50, 70, 140), (225, 225, 220)


def _room() -> tuple[np.ndarray, np.ndarray]:
    """A photo of a grey sofa before a white wall on a brown floor, and its labels."""
    photo = np.full((240, 320, 3), WHITE, dtype=np.uint8)
    labels = np.full((240, 320), Region.WALL, dtype=np.uint8)
    photo[140:], labels[140:] = BROWN, Region.FLOOR
    photo[90:180, 60:260], labels[90:180, 60:260] = GREY, Region.UPHOLSTERY
    return photo, labels


def test_a_whole_sofa_is_left_as_it_is() -> None:
    photo, labels = _room()
    whole, halves = made_whole(labels, None, photo)
    np.testing.assert_array_equal(whole, labels)
    assert not halves.any()


def test_half_a_sofa_is_told() -> None:
    photo, labels = _room()
    labels[90:180, 60:160] = Region.OTHER
    whole, halves = made_whole(labels, np.full_like(labels, ade20k.index("box")), photo)
    np.testing.assert_array_equal(whole, labels)
    assert halves[95:175, 165:255].all()
    assert not halves[labels != Region.UPHOLSTERY][:1000].any()


def test_a_thing_of_another_colour_beside_it_is_another_thing() -> None:
    photo, labels = _room()
    photo[90:180, 60:160], labels[90:180, 60:160] = BLUE, Region.OTHER
    assert not made_whole(labels, None, photo)[1].any()


@pytest.mark.parametrize(
    ("name", "became"), [(Region.RUG, Region.FLOOR), (Region.OTHER, Region.OTHER), (Region.CABINET, Region.CABINET)]
)
def test_a_rug_that_is_floor_becomes_floor(name: Region, became: Region) -> None:
    photo, labels = _room()
    labels[200:, 100:220] = name
    assert (made_whole(labels, None, photo)[0][205:, 105:215] == became).all()


def test_a_rug_of_its_own_colour_stays_a_rug_without_holes() -> None:
    photo, labels = _room()
    photo[190:230, 60:260], labels[190:230, 60:260] = BLUE, Region.RUG
    labels[205:215, 120:150] = Region.FLOOR
    whole, halves = made_whole(labels, None, photo)
    assert (whole[195:225, 65:255] == Region.RUG).all()
    assert not halves.any()


def test_a_picture_under_one_label_has_no_borders() -> None:
    labels = np.full((64, 64), Region.WALL, dtype=np.uint8)
    whole, halves = made_whole(labels, None, np.zeros((64, 64, 3), dtype=np.uint8))
    np.testing.assert_array_equal(whole, labels)
    assert not halves.any()


def test_floor_under_a_rugs_label_is_told_by_its_edge_and_colour() -> None:
    photo, labels = _room()
    photo[190:230, 60:260] = BLUE
    labels[190:230, 60:320] = Region.RUG  # the label runs on over bare floor
    whole, _halves = made_whole(labels, None, photo)
    assert (whole[195:225, 65:255] == Region.RUG).all()
    assert (whole[195:225, 270:315] == Region.FLOOR).all()


def test_the_same_floor_in_other_light_is_told_from_a_patterned_rug() -> None:
    photo, labels = _room()
    photo[180:, 100:] = (114, 82, 66)  # the brown floor where daylight falls
    checks = (np.indices((45, 150)) // 6).sum(axis=0) % 2 > 0
    photo[185:230, 130:280] = np.where(checks[..., None], (170, 50, 50), (60, 50, 110))
    labels[182:, 105:] = Region.RUG
    whole, _halves = made_whole(labels, None, photo)
    assert (whole[192:224, 140:270] == Region.RUG).all()
    assert (whole[234:, 110:] == Region.FLOOR).all()
