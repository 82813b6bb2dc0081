"""What the scores make of pairs whose quality is plain to see."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import roomnet
from controlmaps import assess, lines, palette, sharpness, structure
from controlmaps.domain import Layout, Pair, Quality, Segmentation
from servicekit.imaging.arrays import RGB, Mask
from servicekit.types import ade20k
from tests.fixtures.rooms import DrawnRoom, draw_room, read_photo, real_photos

NO_PALETTE = np.zeros((0, 3), dtype=np.uint8)


def layout(photo: RGB) -> Layout:
    found = roomnet.analyse(structure.reduced(photo))
    return Layout(surfaces=Segmentation(labels=found.labels, confidence=found.confidence))


def judge(original: RGB, result: RGB, kept: Mask | None = None, colours: NDArray[np.uint8] = NO_PALETTE) -> Quality:
    pair = Pair(original=original, result=result, kept=kept, palette=colours)
    return assess.score(pair, layout(original), layout(result))


def blurred(photo: RGB, sigma: float) -> RGB:
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), sigma), dtype=np.uint8)


def through_jpeg(photo: RGB, quality: int) -> RGB:
    encoded = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), dtype=np.uint8)


def repainted(room: DrawnRoom, *, wall: tuple[float, float, float], floor: tuple[float, float, float]) -> RGB:
    """Other paint under the same light: what a good restyling does."""
    factors = np.ones_like(room.photo, dtype=np.float32)
    factors[room.wall] = wall
    factors[room.floor] = floor
    return (room.photo * factors).clip(0, 255).astype(np.uint8)


def test_identical_pair_is_perfect(drawn_room: DrawnRoom) -> None:
    quality = judge(drawn_room.photo, drawn_room.photo, kept=drawn_room.sofa)
    assert quality.structure == pytest.approx(1, abs=1e-5)
    assert (quality.palette, quality.keep, quality.sharpness) == (1, 1, 1)
    assert quality.overall == pytest.approx(1, abs=1e-5)


def test_repainting_keeps_the_structure(drawn_room: DrawnRoom) -> None:
    result = repainted(drawn_room, wall=(0.7, 0.85, 0.8), floor=(1.4, 1.4, 1.5))
    quality = judge(drawn_room.photo, through_jpeg(result, 92), kept=drawn_room.sofa)
    assert quality.structure > 0.75
    assert quality.keep > 0.9
    assert quality.overall > 0.8


def test_another_room_has_another_structure(drawn_room: DrawnRoom) -> None:
    mirrored = np.ascontiguousarray(drawn_room.photo[:, ::-1])
    quality = judge(drawn_room.photo, mirrored)
    assert quality.structure < 0.4
    assert quality.overall < 0.5


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_plain_picture_is_no_restyling(drawn_room: DrawnRoom, level: int) -> None:
    assert judge(drawn_room.photo, np.full_like(drawn_room.photo, level)).overall < 0.3


def test_noise_is_no_restyling(drawn_room: DrawnRoom) -> None:
    noise = np.random.default_rng(2).integers(0, 256, drawn_room.photo.shape).astype(np.uint8)
    assert judge(drawn_room.photo, noise).structure < 0.25


def test_two_black_pictures_are_the_same() -> None:
    black = np.zeros((64, 64, 3), dtype=np.uint8)
    assert judge(black, black).overall == pytest.approx(1, abs=1e-5)


def test_blur_costs_sharpness_and_more_blur_costs_more(drawn_room: DrawnRoom) -> None:
    scores = [sharpness.score(drawn_room.photo, blurred(drawn_room.photo, sigma)) for sigma in (0.8, 1.5, 3.0)]
    assert scores == sorted(scores, reverse=True)
    assert scores[1] < 0.5
    assert scores[2] < 0.35


def test_sharpness_does_not_care_for_contrast(drawn_room: DrawnRoom) -> None:
    softer = (drawn_room.photo * 0.5 + 60).astype(np.uint8)
    assert sharpness.score(drawn_room.photo, softer) > 0.8


def test_kept_region_forgives_jpeg_and_nothing_more(drawn_room: DrawnRoom) -> None:
    photo, sofa = drawn_room.photo, drawn_room.sofa
    assert assess.keep(photo, through_jpeg(photo, 92), sofa) > 0.98
    recoloured = photo.copy()
    recoloured[sofa] = (recoloured[sofa] * 0.6).astype(np.uint8)
    assert assess.keep(photo, recoloured, sofa) < 0.3
    half = recoloured.copy()
    half[:, : half.shape[1] // 2] = photo[:, : half.shape[1] // 2]
    assert assess.keep(photo, recoloured, sofa) <= assess.keep(photo, half, sofa) < 0.5


def test_changes_outside_the_kept_region_do_not_count(drawn_room: DrawnRoom) -> None:
    result = drawn_room.photo.copy()
    result[:100] = 0
    assert assess.keep(drawn_room.photo, result, drawn_room.sofa) == 1
    assert assess.keep(drawn_room.photo, result, np.zeros_like(drawn_room.sofa)) == 1


def test_palette_counts_area_and_every_colour() -> None:
    colours = np.array([[200, 40, 40], [40, 60, 200]], dtype=np.uint8)
    both = np.zeros((100, 100, 3), dtype=np.uint8)
    both[:, :30], both[:, 30:60] = colours
    one = both.copy()
    one[:, 30:60] = colours[0]
    neither = np.full_like(both, 90)
    assert palette.score(both, None, colours) == pytest.approx(1, abs=0.02)
    assert palette.score(one, None, colours) == pytest.approx(0.85, abs=0.02)
    assert palette.score(neither, None, colours) == 0


def test_palette_tolerates_shade_and_ignores_what_is_kept() -> None:
    colour = np.array([[180, 170, 150]], dtype=np.uint8)
    shaded = np.clip(np.linspace(0.8, 1.1, 100)[:, None, None] * colour[0].repeat(100).reshape(3, 100).T, 0, 255)
    assert palette.score(shaded.astype(np.uint8), None, colour) > 0.9
    kept = np.zeros((100, 100), dtype=bool)
    kept[:, 50:] = True
    picture = np.zeros((100, 100, 3), dtype=np.uint8)
    picture[:, :50] = colour
    assert palette.score(picture, kept, colour) == pytest.approx(1, abs=0.02)
    assert palette.score(picture, np.ones_like(kept), colour) == 1


def test_overall_weighs_only_what_was_asked_for_and_forgives_nothing(drawn_room: DrawnRoom) -> None:
    assert assess.overall({"structure": 0.8, "sharpness": 0.8}) == pytest.approx(0.8)
    assert assess.overall({"structure": 0.9, "sharpness": 0.9, "keep": 0.0}) < 0.3
    assert 0 < assess.overall({"structure": 0.0, "sharpness": 0.0}) < 0.01


def test_depth_may_change_its_scale_but_not_its_order() -> None:
    rows, columns = np.mgrid[:90, :120].astype(np.float32)
    near = rows / 90 + 0.3 * columns / 120
    assert structure.depth_agreement(near, 5 * near**2 + 7) == pytest.approx(1)
    assert structure.depth_agreement(near, near[::-1]) == 0
    assert 0.2 < structure.depth_agreement(near, rows) < 1
    flat = np.ones_like(near)
    assert (structure.depth_agreement(flat, 2 * flat), structure.depth_agreement(flat, near)) == (1, 0)


def test_depth_is_part_of_the_structure_where_it_is_measured(drawn_room: DrawnRoom) -> None:
    photo = structure.reduced(drawn_room.photo)
    rows = np.mgrid[: photo.shape[0], : photo.shape[1]][0].astype(np.float32)
    seen = replace(layout(photo), depth=rows)
    same, turned = (structure.score(photo, photo, seen, replace(seen, depth=depth)) for depth in (rows, rows[::-1]))
    assert same == pytest.approx(1, abs=1e-5)
    assert structure.layout_agreement(seen, replace(seen, depth=rows[::-1])) < 0.7
    assert turned < 0.9


def test_openings_count_where_there_are_any() -> None:
    sure = np.ones((90, 120), np.float32)
    wall, window = np.zeros((90, 120), np.uint8), np.zeros((90, 120), np.uint8)
    window[20:60, 30:80] = ade20k.index("windowpane")
    with_one, without = (Segmentation(labels=labels, confidence=sure) for labels in (window, wall))
    assert structure.opening_agreement(with_one, with_one) == 1
    assert structure.opening_agreement(with_one, without) == 0
    assert structure.opening_agreement(without, with_one) is None
    unsure = replace(with_one, confidence=sure * 0.05)
    assert structure.opening_agreement(unsure, without) is None


def test_lines_say_where_they_are(drawn_room: DrawnRoom) -> None:
    photo = structure.reduced(drawn_room.photo)
    shifted = np.roll(photo, photo.shape[1] // 12, axis=1)
    assert lines.agreement(photo, photo) == 1
    assert lines.agreement(photo, shifted) == pytest.approx(0, abs=0.3)
    assert lines.agreement(photo, np.full_like(photo, 90)) == 0
    assert lines.agreement(np.full_like(photo, 90), photo) is None


def test_size_of_the_picture_hardly_matters() -> None:
    scores = []
    for size in ((320, 240), (1280, 960)):
        room = draw_room(*size)
        scores.append(judge(room.photo, repainted(room, wall=(0.7, 0.85, 0.8), floor=(1.4, 1.4, 1.5))).structure)
    assert scores[0] == pytest.approx(scores[1], abs=0.12)


@pytest.mark.skipif(len(real_photos()) < 4, reason="MODOMO_ROOMS names no real photos")
@pytest.mark.slow
def test_real_rooms_are_told_apart_and_their_repainting_is_recognised() -> None:
    for first, second in zip(real_photos()[:8:2], real_photos()[1:8:2], strict=True):
        photo = structure.reduced(read_photo(first))
        other = np.asarray(cv2.resize(read_photo(second), (photo.shape[1], photo.shape[0])), dtype=np.uint8)
        tinted = (photo * np.array([0.75, 0.9, 1.0])).astype(np.uint8)
        assert judge(photo, other).overall < 0.5
        assert judge(photo, tinted).overall > 0.8
