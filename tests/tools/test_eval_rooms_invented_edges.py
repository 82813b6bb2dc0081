"""Borders that only the paint has, on pictures that are made up; and how sure a figure over photos is."""

import math

import numpy as np
import pytest

from servicekit.imaging.arrays import RGB
from tools.eval_rooms import intervals
from tools.eval_rooms.invented_edges import invented_edges, locate


def grey(level: int = 150) -> RGB:
    noise = np.random.default_rng(1).normal(level, 2, (200, 300, 3))
    return np.asarray(noise.clip(0, 255), dtype=np.uint8)


def painted() -> tuple[RGB, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    """A grey picture whose right half became red, and what was painted."""
    result, repainted = grey(), np.zeros((200, 300), dtype=np.uint8)
    result[:, 150:], repainted[:, 150:] = (180, 90, 70), 1
    return result, repainted


def test_a_border_in_the_middle_of_a_grey_wall_is_invented() -> None:
    result, repainted = painted()
    share, length = invented_edges(grey(), result, repainted)
    assert share > 0.95
    assert length == pytest.approx(188 / 300, abs=0.03)


def test_a_border_on_the_photos_own_edge_is_not() -> None:
    result, repainted = painted()
    for shift in (-2, 0, 2):
        photo = grey()
        photo[:, 150 + shift :] = 90
        assert invented_edges(photo, result, repainted)[0] < 0.05


def test_a_border_that_cannot_be_seen_is_not() -> None:
    _result, repainted = painted()
    assert invented_edges(grey(), grey(), repainted) == (0.0, 0.0)


def test_half_a_border_is_half() -> None:
    result, repainted = painted()
    photo = grey()
    photo[:100, 150:] = 90
    bad, border = locate(photo, result, repainted)
    assert not bad[:90].any()
    assert bad[110:190].sum() > 70
    assert invented_edges(photo, result, repainted)[0] == pytest.approx(0.5, abs=0.06)
    assert border.sum() == 188


def test_nothing_painted_invents_nothing() -> None:
    assert invented_edges(grey(), grey(), np.zeros((200, 300), dtype=np.uint8)) == (0.0, 0.0)


def test_intervals_narrow_with_the_photos_and_bars_are_on_their_worse_end() -> None:
    random = np.random.default_rng(2)
    few, many = (list(random.normal(0.04, 0.02, count)) for count in (10, 400))
    wide, narrow = (intervals.bootstrap(values, lambda drawn: float(np.mean(drawn))) for values in (few, many))
    assert narrow.low < 0.04 < narrow.high
    assert narrow.high - narrow.low == pytest.approx(4 * 0.02 / 20, rel=0.2)
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low)
    assert narrow.meets("≤", narrow.high) and not narrow.meets("≤", narrow.value)
    assert narrow.meets("≥", narrow.low) and not narrow.meets("≥", narrow.value)
    assert math.isnan(intervals.bootstrap([], len).value)
