"""One thing under two labels: what the lite engine joins, and what it leaves alone as half a thing."""

import numpy as np
import pytest

from diffusion.lite.labels import Label
from diffusion.lite.region_merging import merge_regions
from servicekit.types import ade20k

GREY, BROWN, BLUE, WHITE = (90, 90, 95), (120, 80, 50), (50, 70, 140), (225, 225, 220)


def _room() -> tuple[np.ndarray, np.ndarray]:
    """A photo of a grey sofa before a white wall on a brown floor, and its labels."""
    photo = np.full((240, 320, 3), WHITE, dtype=np.uint8)
    labels = np.full((240, 320), Label.WALL, dtype=np.uint8)
    photo[140:], labels[140:] = BROWN, Label.FLOOR
    photo[90:180, 60:260], labels[90:180, 60:260] = GREY, Label.UPHOLSTERY
    return photo, labels


def test_a_whole_sofa_is_left_as_it_is() -> None:
    photo, labels = _room()
    whole, halves = merge_regions(labels, None, photo)
    np.testing.assert_array_equal(whole, labels)
    assert not halves.any()


def test_half_a_sofa_is_told() -> None:
    photo, labels = _room()
    labels[90:180, 60:160] = Label.OTHER
    whole, halves = merge_regions(labels, np.full_like(labels, ade20k.index("box")), photo)
    np.testing.assert_array_equal(whole, labels)
    assert halves[95:175, 165:255].all()
    assert not halves[labels != Label.UPHOLSTERY][:1000].any()


def test_a_thing_of_another_colour_beside_it_is_another_thing() -> None:
    photo, labels = _room()
    photo[90:180, 60:160], labels[90:180, 60:160] = BLUE, Label.OTHER
    assert not merge_regions(labels, None, photo)[1].any()


@pytest.mark.parametrize(
    ("name", "became"), [(Label.RUG, Label.FLOOR), (Label.OTHER, Label.OTHER), (Label.CABINET, Label.CABINET)]
)
def test_a_rug_that_is_floor_becomes_floor(name: Label, became: Label) -> None:
    photo, labels = _room()
    labels[200:, 100:220] = name
    assert (merge_regions(labels, None, photo)[0][205:, 105:215] == became).all()


def test_a_rug_of_its_own_colour_stays_a_rug_without_holes() -> None:
    photo, labels = _room()
    photo[190:230, 60:260], labels[190:230, 60:260] = BLUE, Label.RUG
    labels[205:215, 120:150] = Label.FLOOR
    whole, halves = merge_regions(labels, None, photo)
    assert (whole[195:225, 65:255] == Label.RUG).all()
    assert not halves.any()


def test_a_picture_under_one_label_has_no_borders() -> None:
    labels = np.full((64, 64), Label.WALL, dtype=np.uint8)
    whole, halves = merge_regions(labels, None, np.zeros((64, 64, 3), dtype=np.uint8))
    np.testing.assert_array_equal(whole, labels)
    assert not halves.any()


def test_floor_under_a_rugs_label_is_told_by_its_edge_and_colour() -> None:
    photo, labels = _room()
    photo[190:230, 60:260] = BLUE
    labels[190:230, 60:320] = Label.RUG  # the label runs on over bare floor
    whole, _halves = merge_regions(labels, None, photo)
    assert (whole[195:225, 65:255] == Label.RUG).all()
    assert (whole[195:225, 270:315] == Label.FLOOR).all()


def test_the_same_floor_in_other_light_is_told_from_a_patterned_rug() -> None:
    photo, labels = _room()
    photo[180:, 100:] = (114, 82, 66)  # the brown floor where daylight falls
    checks = (np.indices((45, 150)) // 6).sum(axis=0) % 2 > 0
    photo[185:230, 130:280] = np.where(checks[..., None], (170, 50, 50), (60, 50, 110))
    labels[182:, 105:] = Label.RUG
    whole, _halves = merge_regions(labels, None, photo)
    assert (whole[192:224, 140:270] == Label.RUG).all()
    assert (whole[234:, 110:] == Label.FLOOR).all()
