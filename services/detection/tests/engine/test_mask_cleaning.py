import numpy as np

from detection.domain import Box
from detection.engine import mask_cleaning
from servicekit.imaging.arrays import Mask

WHOLE = Box(left=0, top=0, right=100, bottom=100)


def disc(side: int = 100, radius: float = 30) -> Mask:
    rows, columns = np.ogrid[:side, :side]
    return np.asarray((rows - side / 2) ** 2 + (columns - side / 2) ** 2 < radius**2)


def test_holes_are_filled_and_specks_dropped() -> None:
    region = disc()
    region[48:52, 48:52] = False
    region[2:5, 2:5] = True
    assert np.array_equal(mask_cleaning.cleaned(region, WHOLE), disc())


def test_one_may_look_through_a_large_hole() -> None:
    region = disc() & ~disc(radius=15)
    assert not mask_cleaning.cleaned(region, WHOLE)[50, 50]


def test_a_gap_at_the_border_is_no_hole() -> None:
    region = np.ones((100, 100), dtype=np.bool_)
    region[95:, 49:51] = False
    assert not mask_cleaning.cleaned(region, WHOLE)[97:, 49:51].any()


def test_parts_of_one_thing_behind_another_stay() -> None:
    region = np.zeros((100, 100), dtype=np.bool_)
    region[10:90, 10:40] = region[10:90, 60:90] = True
    assert np.array_equal(mask_cleaning.cleaned(region, WHOLE), region)


def test_nothing_outside_the_box_stays() -> None:
    box = Box(left=30.4, top=20, right=60, bottom=70.2)
    cleaned = mask_cleaning.cleaned(np.ones((100, 100), dtype=np.bool_), box)
    assert cleaned.sum() == 51 * 30
    assert cleaned[20:71, 30:60].all()


def test_an_empty_mask_becomes_its_box() -> None:
    box = Box(left=10, top=20, right=30, bottom=60)
    cleaned = mask_cleaning.cleaned(np.zeros((100, 100), dtype=np.bool_), box)
    assert cleaned[20:60, 10:30].all()
    assert cleaned.sum() == 40 * 20


def test_a_box_over_the_border_is_cut() -> None:
    box = Box(left=-5, top=90.5, right=20, bottom=130)
    assert mask_cleaning.cleaned(np.zeros((100, 100), dtype=np.bool_), box).sum() == 10 * 20
