"""The measures of the evaluation, on truth that is made up."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from diffusion.styles import read_styles
from servicekit.types import ade20k
from tests.fixtures.rooms import DrawnRoom
from tools.eval_rooms import baseline, restyle_scores, scores
from tools.eval_rooms.ground_truth import SURFACES, UNLABELLED

bands = np.repeat(np.arange(5, dtype=np.uint8), 20)[:, None].repeat(80, axis=1)
"""Five bands, one a surface."""


def test_perfect_labels_score_one_and_swapped_ones_nothing() -> None:
    perfect = scores.segmentation(scores.confusion(bands, bands))
    assert set(perfect) == {"mean_iou", "accuracy", *(f"{name}_iou" for name in SURFACES)}
    assert set(perfect.values()) == {1.0}
    swapped = scores.segmentation(scores.confusion(bands, (bands + 1) % 5))
    assert set(swapped.values()) == {0.0}


def test_half_right_is_a_third_of_the_union() -> None:
    truth, found = np.zeros((10, 10), dtype=np.uint8), np.zeros((10, 10), dtype=np.uint8)
    truth[:5], found[:5, :5], found[5:, :5] = 1, 1, 1
    values = scores.intersection_over_union(scores.confusion(truth, found))
    assert values[:2] == pytest.approx([1 / 3, 1 / 3])
    assert np.isnan(values[2:]).all()


def test_what_is_unlabelled_counts_for_nothing() -> None:
    truth = bands.copy()
    truth[:, :40] = UNLABELLED
    found = bands.copy()
    found[:, :40] = 4
    assert scores.segmentation(scores.confusion(truth, found))["mean_iou"] == 1
    nothing = scores.segmentation(scores.confusion(np.full_like(bands, UNLABELLED), bands))
    assert all(math.isnan(value) for value in nothing.values())


def test_depth_is_compared_up_to_scale_and_shift() -> None:
    depth = np.random.default_rng(0).uniform(1, 6, (40, 50)).astype(np.float32)
    error, rank = scores.depth_errors(depth, 7 / depth + 3)
    assert error == pytest.approx(0, abs=1e-4)
    assert rank == pytest.approx(1, abs=1e-4)
    noise = np.random.default_rng(1).uniform(0, 1, depth.shape).astype(np.float32)
    worse, unrelated = scores.depth_errors(depth, noise)
    assert worse > 0.2
    assert abs(unrelated) < 0.1
    assert scores.depth_errors(depth, np.ones_like(depth))[1] == 0


def test_depth_that_is_missing_is_left_out() -> None:
    depth = np.full((40, 50), 2.0, dtype=np.float32)
    depth[:20] = 4.0
    found = 1 / depth
    depth[0], found[0] = 0, 100
    assert scores.depth_errors(depth, found)[0] == pytest.approx(0, abs=1e-5)
    assert math.isnan(scores.depth_errors(np.zeros_like(depth), found)[0])


def test_calibration_is_the_gap_between_sure_and_right() -> None:
    right = np.array([True] * 8 + [False] * 2)
    assert scores.calibration([np.full(10, 0.8, dtype=np.float32)], [right]) == pytest.approx(0, abs=1e-6)
    assert scores.calibration([np.ones(10, dtype=np.float32)], [right]) == pytest.approx(0.2)
    assert math.isnan(scores.calibration([], []))


def test_gradients_of_the_same_room_correlate_and_of_others_do_not(drawn_room: DrawnRoom) -> None:
    photo = drawn_room.photo
    assert restyle_scores.gradient_correlation(photo, photo) == pytest.approx(1)
    assert restyle_scores.gradient_correlation(photo, 255 - photo) > 0.9
    assert restyle_scores.gradient_correlation(photo, photo[:, ::-1].copy()) < 0.5
    assert restyle_scores.gradient_correlation(photo, np.full_like(photo, 99)) == 0


def test_palette_share_counts_what_was_repainted_alone() -> None:
    picture = np.full((100, 100, 3), 20, dtype=np.uint8)
    picture[:50] = (200, 60, 60)
    picture[50:75] = (60, 60, 200)
    repainted = np.zeros((100, 100), dtype=bool)
    repainted[:75] = True
    assert restyle_scores.palette_share(picture, repainted, ["#C83C3C"]) == pytest.approx(2 / 3)
    assert restyle_scores.palette_share(picture, repainted, ["#C83C3C", "#3C3CC8"]) == 1
    assert math.isnan(restyle_scores.palette_share(picture, np.zeros_like(repainted), ["#C83C3C"]))


def test_styles_are_as_far_apart_as_the_nearest_two() -> None:
    def plain(level: int) -> NDArray[np.uint8]:
        return np.full((60, 60, 3), level, dtype=np.uint8)

    everywhere = np.ones((60, 60), dtype=bool)
    results = {"one": plain(40), "two": plain(120), "three": plain(125)}
    distance = restyle_scores.style_distance(results, dict.fromkeys(results, everywhere))
    assert 1 < distance < 3
    assert restyle_scores.style_distance(
        {"one": plain(40), "two": plain(40)}, dict.fromkeys(("one", "two"), everywhere)
    ) == pytest.approx(0)
    assert math.isnan(restyle_scores.style_distance({"one": plain(40)}, {"one": everywhere}))


def test_kept_pixels_and_window_interiors_are_compared_as_they_are() -> None:
    photo = np.full((200, 200, 3), 100, dtype=np.uint8)
    panes = np.zeros((200, 200), dtype=bool)
    panes[50:150, 50:150] = True
    result = photo.copy()
    result[:60] = 110  # reaches over the window's frame and some of its interior
    assert restyle_scores.greatest_difference(photo, result, panes) == 10
    assert 0 < restyle_scores.window_mean_difference(photo, result, panes) < 2
    assert math.isnan(restyle_scores.window_mean_difference(photo, result, np.zeros_like(panes)))
    assert math.isnan(restyle_scores.greatest_difference(photo, result, np.zeros_like(panes)))


def test_wrongly_painted_is_the_share_of_labelled_pixels_that_are_something_else() -> None:
    repainted = np.full(bands.shape, ade20k.UNKNOWN, dtype=np.uint8)
    assert restyle_scores.wrongly_painted(repainted, bands) == 0
    repainted[bands == SURFACES.index("floor")] = ade20k.index("rug")  # on the floor, and that is where it belongs
    repainted[bands == SURFACES.index("furniture")] = ade20k.index("cabinet")
    assert restyle_scores.wrongly_painted(repainted, bands) == 0
    repainted[bands == SURFACES.index("window")] = ade20k.index("wall")
    assert restyle_scores.wrongly_painted(repainted, bands) == pytest.approx(0.2)
    assert math.isnan(restyle_scores.wrongly_painted(repainted, np.full_like(bands, UNLABELLED)))


def test_the_baseline_paints_by_position(drawn_room: DrawnRoom) -> None:
    style = read_styles()["modern"]
    result, painted = baseline.restyled(drawn_room.photo, style)
    assert (painted[0] == ade20k.index("ceiling")).all()
    assert (painted[-1] == ade20k.index("floor")).all()
    assert (result[painted == ade20k.UNKNOWN] == drawn_room.photo[painted == ade20k.UNKNOWN]).all()
    assert restyle_scores.palette_share(result, painted != ade20k.UNKNOWN, style.palette.colors) > 0.5
    assert baseline.most_frequent(["kitchen", "kitchen", "office"]) == pytest.approx(2 / 3)
    assert (np.diff(baseline.inverse_depth((30, 4))[:, 0]) > 0).all()
