"""What the lite engine leaves alone because it is not sure."""

import numpy as np

from diffusion.lite.abstention import LEAST, RISK, SURE, unsure
from diffusion.lite.regions import Region

PLAIN = np.full((192, 256, 3), 128, dtype=np.uint8)


def test_paint_is_risked_as_far_as_the_budget_goes_and_surest_first() -> None:
    labels = np.full((192, 256), Region.OTHER, dtype=np.uint8)
    confidence = np.zeros((192, 256), dtype=np.float32)
    for number, (row, column) in enumerate(np.ndindex(6, 8)):
        thing = np.s_[row * 32 + 1 : row * 32 + 31, column * 32 + 1 : column * 32 + 31]
        labels[thing], confidence[thing] = Region.CABINET, 0.98 - number * 0.02
    painted = unsure(labels, confidence, PLAIN) == 0
    things = labels == Region.CABINET
    assert painted[things & (confidence > SURE + 0.01)].all()
    assert not painted[things & (confidence < LEAST - 0.01)].any()
    risked = ((1.0 - confidence) * (painted & things & (confidence < SURE - 0.01))).mean()
    assert RISK * 0.7 < float(risked) <= RISK
    assert confidence[painted & things].min() > confidence[~painted].max(), "the surest first"


def test_a_thing_is_painted_wholly_or_not_at_all() -> None:
    labels = np.full((192, 256), Region.OTHER, dtype=np.uint8)
    labels[50:150, 40:220] = Region.UPHOLSTERY
    confidence = np.full((192, 256), 0.9, dtype=np.float32)
    for doubted, rest in ((0.4, 0.98), (0.1, 0.2)):
        confidence[50:150, 40:220] = rest
        confidence[50:150, 40:100] = doubted
        left = unsure(labels, confidence, PLAIN)[50:150, 40:220]
        assert left.all() == left.any() == (rest < LEAST)


def test_a_wall_of_one_paint_is_painted_wholly_and_one_of_another_for_itself() -> None:
    labels = np.full((192, 256), Region.WALL, dtype=np.uint8)
    confidence = np.full((192, 256), 0.95, dtype=np.float32)
    confidence[:, 160:] = 0.2
    assert not unsure(labels, confidence, PLAIN).any()
    photo = PLAIN.copy()
    photo[:, 160:] = (150, 60, 40)
    left = unsure(labels, confidence, photo)
    assert left[:, 165:].all()
    assert not left[:, :155].any()


def test_a_doubtful_spot_in_the_middle_of_a_sure_wall_is_painted() -> None:
    labels = np.full((192, 256), Region.WALL, dtype=np.uint8)
    confidence = np.full((192, 256), 0.95, dtype=np.float32)
    photo = PLAIN.copy()
    for size, is_left in ((15, False), (90, True)):
        spot = np.s_[80 : 80 + size, 100 : 100 + size]
        confidence[spot], photo[spot] = 0.2, (60, 60, 150)
        assert bool(unsure(labels, confidence, photo)[spot].any()) is is_left
