"""What the lite engine leaves alone because it is not sure."""

import numpy as np

from diffusion.lite.abstention import LEAST, RISK, abstention_mask
from diffusion.lite.labels import Label

PLAIN = np.full((192, 256, 3), 128, dtype=np.uint8)


def test_paint_is_risked_as_far_as_the_budget_goes_and_surest_first() -> None:
    labels = np.full((192, 256), Label.OTHER, dtype=np.uint8)
    confidence = np.zeros((192, 256), dtype=np.float32)
    photo = PLAIN.copy()
    for number in range(8):
        wall = np.s_[:, number * 32 + 1 : number * 32 + 31]
        labels[wall], confidence[wall] = Label.WALL, 0.97 - number * 0.06
        photo[wall] = (250 - number * 30, 120, 20 + number * 30)
    painted = abstention_mask(labels, confidence, photo) == 0
    walls = labels == Label.WALL
    risked = ((1.0 - confidence) * (painted & walls)).mean()
    assert RISK * 0.5 < float(risked) <= RISK
    assert confidence[painted & walls].min() > confidence[~painted].max(), "the surest first"


def test_what_is_more_probably_something_else_is_left_alone() -> None:
    labels = np.full((192, 256), Label.OTHER, dtype=np.uint8)
    labels[40:100, 40:100], labels[40:100, 140:200] = Label.CABINET, Label.CABINET
    confidence = np.full((192, 256), LEAST + 0.02, dtype=np.float32)
    confidence[:, 120:] = LEAST - 0.02
    left = abstention_mask(labels, confidence, PLAIN)
    assert left[40:100, 140:200].all()
    assert left.sum() == 60 * 60


def test_a_thing_is_painted_wholly_or_not_at_all() -> None:
    labels = np.full((192, 256), Label.OTHER, dtype=np.uint8)
    labels[50:150, 40:220] = Label.UPHOLSTERY
    confidence = np.full((192, 256), 0.9, dtype=np.float32)
    for doubted, rest in ((0.4, 0.98), (0.1, 0.45)):
        confidence[50:150, 40:220] = rest
        confidence[50:150, 40:100] = doubted
        left = abstention_mask(labels, confidence, PLAIN)[50:150, 40:220]
        assert left.all() == left.any() == (rest < LEAST)


def test_a_wall_of_one_paint_is_painted_wholly_and_one_of_another_for_itself() -> None:
    labels = np.full((192, 256), Label.WALL, dtype=np.uint8)
    confidence = np.full((192, 256), 0.98, dtype=np.float32)
    confidence[:, 250:] = 0.2
    assert not abstention_mask(labels, confidence, PLAIN).any()
    photo = PLAIN.copy()
    photo[:, 250:] = (150, 60, 40)
    left = abstention_mask(labels, confidence, photo)
    assert left[:, 252:].all()
    assert not left[:, :248].any()


def test_a_doubtful_spot_in_the_middle_of_a_sure_wall_is_painted() -> None:
    labels = np.full((192, 256), Label.WALL, dtype=np.uint8)
    confidence = np.full((192, 256), 0.98, dtype=np.float32)
    photo = PLAIN.copy()
    for size, is_left in ((15, False), (90, True)):
        spot = np.s_[80 : 80 + size, 100 : 100 + size]
        confidence[spot], photo[spot] = 0.2, (60, 60, 150)
        assert bool(abstention_mask(labels, confidence, photo)[spot].any()) is is_left
