"""How paint ends where the photo shows no edge, and that it ends sharply where it shows one."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from diffusion.lite.fading import Fading, reach
from servicekit.imaging.arrays import Floats, floats

SIZE = (288, 384)
BORDER = 190
SOFT = 0.02 * 384
"""Pixels over which paint fades at this size."""
Bits = NDArray[np.uint8]


def photo(edge: int | None = None) -> Bits:
    """A noisy wall, H×W×3; from the column `edge` on, of another colour."""
    made = np.random.default_rng(5).normal(190, 1.5, (*SIZE, 3))
    if edge is not None:
        made[:, edge:] -= 25
    return made.clip(0, 255).astype(np.uint8)


def halves() -> Bits:
    """1 to the left of BORDER, 3 to the right."""
    paint = np.full(SIZE, 3, dtype=np.uint8)
    paint[:, :BORDER] = 1
    return paint


def shares(fading: Fading, mask: NDArray[np.bool_]) -> Floats:
    """Of the whole picture, with an end of one pixel on edges."""
    bits = mask.astype(np.uint8)
    return fading.shares(bits, floats(cv2.GaussianBlur(floats(bits), (0, 0), 0.7)), 0, 0)


def test_paint_that_ends_in_the_open_fades() -> None:
    paint = halves()
    share = shares(Fading.find(photo(), paint), paint == 1)
    middle = share[40:-40].mean(axis=0)
    assert np.abs(np.diff(middle)).max() < 0.75 / SOFT
    assert middle[BORDER - 1] == pytest.approx(0.5, abs=0.1)
    assert (middle[: BORDER - round(5 * SOFT)] > 0.99).all()
    assert (middle[BORDER + round(5 * SOFT) :] < 0.01).all()


def test_paint_that_ends_on_an_edge_ends_there() -> None:
    paint = halves()
    share = shares(Fading.find(photo(BORDER), paint), paint == 1)[40:-40]
    assert (share[:, : BORDER - 3] > 0.95).all()
    assert (share[:, BORDER + 3 :] < 0.05).all()


def test_paint_that_ends_beside_an_edge_comes_nearer_to_it() -> None:
    paint = halves()
    share = shares(Fading.find(photo(BORDER + 6), paint), paint == 1)[40:-40].mean(axis=0)
    assert share[BORDER + 3] > 0.4
    assert share[BORDER + 9] < 0.1


def test_shares_of_all_paints_add_up_to_one_and_those_of_parts_to_the_whole() -> None:
    paint = halves()
    paint[100:200, 60:320] = 5
    fading = Fading.find(photo(), paint)
    every = sum(shares(fading, paint == one) for one in (1, 3, 5))
    assert np.abs(every - 1).max() < 1e-3
    left = (paint == 5) & (np.arange(SIZE[1]) < 150)
    both = shares(fading, left) + shares(fading, (paint == 5) & ~left)
    assert np.abs(both - shares(fading, paint == 5)).mean() < 2e-3


def test_away_from_open_ends_nothing_changes() -> None:
    paint = halves()
    fading = Fading.find(photo(BORDER), paint)
    far = np.zeros(SIZE, dtype=np.uint8)
    far[:40, :40] = 1
    sharp = far.astype(np.float32)
    assert fading.shares(far, sharp, 0, 0) is sharp
    assert reach(SIZE) == 31


def test_a_picture_of_one_paint_and_one_smaller_than_a_line_of_the_filter() -> None:
    whole = np.zeros((1, 7), dtype=np.uint8)
    fading = Fading.find(np.full((1, 7, 3), 128, dtype=np.uint8), whole)
    assert (fading.shares(whole + 1, np.ones((1, 7), dtype=np.float32), 0, 0) == 1).all()
