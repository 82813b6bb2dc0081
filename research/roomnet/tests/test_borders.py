"""Borders between surfaces, and what is right about them."""

import numpy as np
import pytest

from research.roomnet import borders
from tools.eval_rooms.ground_truth import UNLABELLED

HALVES = np.repeat([[0] * 20 + [1] * 20], 30, axis=0).astype(np.uint8)


def test_a_border_that_is_seen_ranks_before_all_insides() -> None:
    seen = np.zeros(HALVES.shape)
    seen[:, 20] = 1.0
    assert borders.ranking(seen, HALVES) == 1.0
    assert borders.ranking(-seen, HALVES) < 0.6
    assert borders.ranking(np.zeros(HALVES.shape), HALVES) == 0.5  # all alike: as good as a coin


def test_where_nothing_is_known_nothing_is_counted() -> None:
    partly = HALVES.copy()
    partly[:, 20:] = UNLABELLED  # the border is with what nobody labelled
    assert np.isnan(borders.ranking(np.ones(partly.shape), partly))


def test_the_gradient_is_steepest_at_an_edge() -> None:
    photo = np.repeat((HALVES * 90 + 60)[..., None], 3, axis=2)
    slope = borders.gradient(photo)
    assert slope[15].argmax() in {19, 20}
    assert borders.ranking(slope, HALVES) == pytest.approx(1.0)
