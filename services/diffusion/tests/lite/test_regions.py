"""From a rough map to regions: where they end, what is one thing, and what is left as it is."""

import numpy as np
import pytest
from numpy.typing import NDArray

from diffusion.lite import regions
from diffusion.lite.labels import Label, Layout

GREY, BROWN, BLUE, WHITE = (90, 90, 95), (120, 80, 50), (50, 70, 140), (225, 225, 220)
RGBs = NDArray[np.uint8]


def found(photo: RGBs, labels: RGBs, sure: float | NDArray[np.float32] = 0.9) -> tuple[RGBs, RGBs]:
    """What is painted as what, and what is left."""
    confidence = np.broadcast_to(np.float32(sure), labels.shape).astype(np.float32)
    made = regions.find(photo, Layout(labels=labels, confidence=confidence))
    assert made.painted is not None
    return made.labels * made.painted, made.labels * (1 - made.painted)


def room() -> tuple[RGBs, RGBs]:
    """A photo of a grey sofa before a white wall on a brown floor, and its labels."""
    photo = np.full((240, 320, 3), WHITE, dtype=np.uint8)
    labels = np.full((240, 320), Label.WALL, dtype=np.uint8)
    photo[140:], labels[140:] = BROWN, Label.FLOOR
    photo[90:180, 60:260], labels[90:180, 60:260] = GREY, Label.UPHOLSTERY
    return photo, labels


def test_true_labels_stay_true() -> None:
    photo, labels = room()
    painted, left = found(photo, labels)
    assert (painted == labels).mean() > 0.995
    assert not left.any()


def test_borders_move_to_the_photos_edges() -> None:
    photo, labels = room()
    rough = np.pad(labels, ((2, 0), (0, 2)), mode="edge")[:-2, 2:]
    assert (rough == labels).mean() < 0.985
    painted, _left = found(photo, rough)
    assert (painted == labels).mean() > 0.995


def test_a_ceiling_without_an_edge_ends_where_the_map_has_it() -> None:
    photo = np.random.default_rng(3).normal(180, 3, (384, 512, 3)).clip(0, 255).astype(np.uint8)
    labels = np.full((384, 512), Label.CEILING, dtype=np.uint8)
    line = 90 + 0.2 * np.arange(512)
    labels[np.arange(384)[:, None] > line] = Label.WALL
    painted, left = found(photo, labels, 0.95)
    border = ((painted + left) == Label.CEILING).sum(axis=0)
    assert np.abs(border - line)[20:-20].max() < 4


def test_half_a_sofa_becomes_a_whole_one() -> None:
    photo, labels = room()
    labels[90:180, 60:130] = Label.CABINET
    painted, _left = found(photo, labels, 0.75)
    assert (painted[95:175, 65:255] == Label.UPHOLSTERY).mean() > 0.99


def test_a_thing_of_another_colour_beside_it_is_another_thing() -> None:
    photo, labels = room()
    photo[90:180, 60:130], labels[90:180, 60:130] = BLUE, Label.CABINET
    painted, _left = found(photo, labels)
    assert (painted[95:175, 65:125] == Label.CABINET).mean() > 0.98
    assert (painted[95:175, 135:255] == Label.UPHOLSTERY).mean() > 0.98


def test_a_rug_of_its_own_colour_stays_a_rug_without_holes() -> None:
    photo, labels = room()
    photo[190:230, 60:260], labels[190:230, 60:260] = BLUE, Label.RUG
    labels[205:215, 120:150] = Label.FLOOR
    painted, _left = found(photo, labels)
    assert (painted[195:225, 65:255] == Label.RUG).all()


def test_a_doubtful_spot_in_a_sure_wall_is_painted_with_it() -> None:
    photo = np.full((240, 320, 3), WHITE, dtype=np.uint8)
    labels = np.full((240, 320), Label.WALL, dtype=np.uint8)
    sure = np.full((240, 320), 0.95, dtype=np.float32)
    labels[100:120, 150:170], sure[100:120, 150:170] = Label.CURTAIN, 0.5
    assert (found(photo, labels, sure)[0] == Label.WALL).all()


@pytest.mark.parametrize(("surface", "thing"), [(0.95, 0.9), (0.95, 0.3), (0.4, 0.9)])
def test_a_part_is_painted_wholly_or_not_at_all(surface: float, thing: float) -> None:
    photo, labels = room()
    sure = np.where(labels == Label.UPHOLSTERY, thing, surface).astype(np.float32)
    sure[:, 160:] *= np.float32(0.98)
    painted, left = found(photo, labels, sure)
    sofa, wall = (painted[slice(95, 175), 65:255], painted[5:80, :])
    assert (sofa == Label.UPHOLSTERY).all() == (thing > 0.5)
    assert (wall == Label.WALL).all() == (surface > 0.7)
    assert (sofa == Label.OTHER).all() == (thing < 0.5)
    assert (left[95:175, 65:255] == Label.UPHOLSTERY).all() == (thing < 0.5)


def test_paint_that_is_hardly_trusted_does_not_end_in_the_open() -> None:
    """Half of one white wall is taken for something unknown: two colours where there was one are worse than the old."""
    photo = np.full((240, 320, 3), WHITE, dtype=np.uint8)
    labels = np.full((240, 320), Label.WALL, dtype=np.uint8)
    labels[:, 150:] = Label.OTHER
    assert not found(photo, labels, 0.6)[0].any()
    photo[:, 150:] = BLUE
    assert (found(photo, labels, 0.8)[0][:, :148] == Label.WALL).all()


@pytest.mark.parametrize(("larger", "smaller", "painted"), [(0.8, 0.42, True), (0.42, 0.55, False)])
def test_things_of_one_kind_and_colour_are_painted_together(larger: float, smaller: float, painted: bool) -> None:
    photo, labels = room()
    photo[90:180, 60:260] = WHITE
    labels[90:180, 60:260] = Label.WALL
    photo[140:], labels[140:] = BROWN, Label.FLOOR
    sure = np.full(labels.shape, 0.9, dtype=np.float32)
    large, small = np.s_[60:180, 20:150], np.s_[100:180, 200:290]
    for place, certain in ((large, larger), (small, smaller)):
        photo[place], labels[place], sure[place] = GREY, Label.CABINET, certain
    inside = np.s_[105:175, 205:285], np.s_[65:175, 25:145]
    assert [(found(photo, labels, sure)[0][one] == Label.CABINET).all() for one in inside] == [painted] * 2
    photo[small] = BLUE
    alone = found(photo, labels, sure)[0]
    assert [(alone[one] == Label.CABINET).all() for one in inside] == [smaller > 0.5, larger > 0.5]


@pytest.mark.parametrize(("level", "painted"), [(255, False), (235, True)])
def test_what_the_photo_clips_is_not_painted(level: int, painted: bool) -> None:
    photo, labels = room()
    pane = np.s_[20:80, 40:120]
    photo[pane], labels[pane] = level, Label.CURTAIN
    photo[80:85, 40:120] = photo[15:20, 40:120] = BROWN
    assert (found(photo, labels)[0][25:75, 45:115] == Label.CURTAIN).all() == painted


def test_windows_and_unknown_things_are_never_painted() -> None:
    photo, labels = room()
    labels[labels == Label.UPHOLSTERY] = Label.OTHER
    photo[20:70, 40:120], labels[20:70, 40:120] = BLUE, Label.WINDOW
    painted, left = found(photo, labels, 0.99)
    assert set(np.unique(painted)) == {Label.OTHER, Label.WALL, Label.FLOOR}
    assert (left[25:65, 45:115] == Label.WINDOW).all()


def test_the_same_photo_gives_the_same_regions_at_twice_the_size() -> None:
    photo, labels = room()
    small = found(photo, labels)[0]
    large = found(photo.repeat(2, axis=0).repeat(2, axis=1), labels.repeat(2, axis=0).repeat(2, axis=1))[0]
    assert (large[::2, ::2] == small).mean() > 0.99
