"""How a picture is steered towards a palette. Needs no torch."""

import numpy as np

from diffusion.sd import palette
from servicekit.imaging import colour


def test_main_colours_move_to_the_palette_but_not_far() -> None:
    random = np.random.default_rng(0)
    picture = np.empty((60, 90, 3), np.uint8)
    picture[:, :45], picture[:, 45:] = (200, 190, 170), (90, 110, 100)
    picture = np.clip(picture + random.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)
    moved = palette.shifted(picture, ("#A8C0A8", "#4A6A8A"), None, most=palette.FINAL_SHIFT)
    before, after = (colour.lab(colour.linear(one)) for one in (picture, moved))
    shift = np.linalg.norm(after - before, axis=2)
    assert 3 < shift.mean() < palette.FINAL_SHIFT
    assert np.percentile(shift, 99) < palette.FINAL_SHIFT + 2
    assert abs(after[:, :45].std(axis=(0, 1)) - before[:, :45].std(axis=(0, 1))).max() < 1.5


def test_only_what_is_free_moves_and_nothing_without_a_palette() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    free = np.zeros((40, 40), np.bool_)
    free[:20] = True
    moved = palette.shifted(picture, ("#A8C0A8",), free, most=10.0)
    assert np.array_equal(moved[~free], picture[~free])
    assert not np.array_equal(moved[free], picture[free])
    assert palette.shifted(picture, (), None, most=10.0) is picture
    assert palette.shifted(picture, ("#A8C0A8",), np.zeros((40, 40), np.bool_), most=10.0) is picture


def test_a_colour_out_of_reach_pulls_nothing() -> None:
    picture = np.full((32, 32, 3), (20, 30, 160), np.uint8)
    assert np.abs(palette.shifted(picture, ("#D07030",), None, most=10.0).astype(int) - picture).max() <= 1


def test_a_palette_in_words() -> None:
    assert palette.in_words(()) == ""
    assert palette.in_words(("#FFFFFF", "#FEFEFE")) == "color palette of white"
    assert palette.in_words(("#FFFFFF", "#1B2A4A", "#BF5B3D")) == "color palette of white, navy blue and terracotta"
