"""What the lite engine leaves alone because it is not sure."""

import numpy as np

from diffusion.lite.abstention import LEAST, RISK, SURE, unsure
from diffusion.lite.regions import Region


def test_paint_is_risked_as_far_as_the_budget_goes_and_surest_first() -> None:
    labels = np.full((192, 256), Region.WALL, dtype=np.uint8)
    confidence = np.repeat(np.linspace(0.99, 0.3, 256, dtype=np.float32)[None], 192, axis=0)
    photo = np.repeat(np.linspace(60, 200, 256, dtype=np.uint8)[None], 192, axis=0)[..., None].repeat(3, axis=2)
    doubted = unsure(labels, confidence, photo)
    painted = doubted == 0
    assert painted[confidence > SURE + 0.03].all()
    assert not painted[confidence < LEAST].any()
    assert float(((1.0 - confidence) * (painted & (confidence < SURE))).mean()) < RISK * 1.2
    assert confidence[painted].min() > confidence[~painted].max() - 0.06, "the surest first"


def test_a_doubtful_spot_in_the_middle_of_a_sure_wall_is_painted() -> None:
    labels = np.full((192, 256), Region.WALL, dtype=np.uint8)
    confidence = np.full((192, 256), 0.95, dtype=np.float32)
    confidence[80:95, 100:115] = 0.2
    assert not unsure(labels, confidence, np.full((192, 256, 3), 128, dtype=np.uint8)).any()
    confidence[60:180, 60:180] = 0.2
    assert unsure(labels, confidence, np.full((192, 256, 3), 128, dtype=np.uint8))[80:160, 80:160].all()
