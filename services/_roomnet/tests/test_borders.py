"""Straight borders, found and followed."""

import numpy as np
import pytest
from numpy.typing import NDArray

from roomnet import borders
from roomnet.vocabulary import Ade
from tests.fixtures.rooms import DrawnRoom

PLAIN = np.full((300, 400, 3), 128, dtype=np.uint8)


def ragged(*, slope: float, offset: float, deviation: float = 1.5) -> NDArray[np.uint8]:
    """300×400 labels: ceiling above a ragged line over a wall."""
    noise = np.random.default_rng(0).normal(0, deviation, 400)
    line = slope * np.arange(400) + offset + noise
    return np.where(np.arange(300)[:, None] < line, Ade.CEILING, Ade.WALL).astype(np.uint8)


def test_a_ragged_border_becomes_a_line() -> None:
    labels = ragged(slope=0.1, offset=60)
    (line,) = borders.find(labels, PLAIN)
    assert line.against is Ade.CEILING
    assert line.slope == pytest.approx(0.1, abs=0.01)
    assert line.offset == pytest.approx(60, abs=2)
    height = (borders.straightened(labels, [line]) == Ade.CEILING).sum(axis=0)
    inside = height[int(line.left) : int(line.right)]
    assert np.abs(np.diff(inside)).max() <= 1


def test_two_walls_have_two_lines() -> None:
    columns = np.arange(400)
    line = np.where(columns < 200, 200 + 0.3 * (200 - columns), 200 + 0.15 * (columns - 200))
    labels = np.where(np.arange(300)[:, None] < line, Ade.WALL, Ade.FLOOR).astype(np.uint8)
    found = borders.find(labels, PLAIN)
    assert {one.against for one in found} == {Ade.FLOOR}
    assert sorted(round(one.slope, 2) for one in found) == [-0.3, 0.15]


def test_a_line_follows_the_photos_edge_near_it() -> None:
    photo = PLAIN.copy()
    photo[:63] = 220
    labels = ragged(slope=0.0, offset=60, deviation=0.5)
    (line,) = borders.find(labels, photo)
    assert line.row(np.array([0.0, 400.0])) == pytest.approx(63, abs=1)


def test_what_is_no_line_is_left_alone() -> None:
    columns = np.arange(400)
    curve = 100 + 60 * np.sin(columns / 8)
    labels = np.where(np.arange(300)[:, None] < curve, Ade.CEILING, Ade.WALL).astype(np.uint8)
    assert not borders.find(labels, PLAIN)
    assert (borders.straightened(labels, ()) == labels).all()
    assert not borders.find(np.full((300, 400), Ade.WALL, dtype=np.uint8), PLAIN)


def test_furniture_before_a_border_is_not_straightened_away() -> None:
    labels = ragged(slope=0.0, offset=60)
    labels[40:90, 150:200] = Ade.CABINET
    lines = borders.find(labels, PLAIN)
    assert (borders.straightened(labels, lines)[40:90, 150:200] == Ade.CABINET).all()


def test_lines_scale_with_their_picture() -> None:
    (line,) = borders.find(ragged(slope=0.1, offset=60), PLAIN)
    large = line.scaled(2.0, 3.0)
    ends = np.array([line.left, line.right])
    assert large.row(2 * ends) == pytest.approx(3 * line.row(ends))
    assert (large.left, large.right) == (2 * line.left, 2 * line.right)


def test_a_drawn_rooms_lines_are_where_they_were_drawn(drawn_room: DrawnRoom) -> None:
    labels = np.full(drawn_room.floor.shape, Ade.CEILING, dtype=np.uint8)
    for region, label in (
        (drawn_room.wall, Ade.WALL),
        (drawn_room.floor, Ade.FLOOR),
        (drawn_room.window, Ade.WINDOW),
        (drawn_room.sofa, Ade.SOFA),
    ):
        labels[region] = label
    found = borders.find(labels, drawn_room.photo)
    level = {one.against: one.offset for one in found if abs(one.slope) < 0.01}
    assert level[Ade.CEILING] == pytest.approx(0.16 * 480, abs=2)
    assert level[Ade.FLOOR] == pytest.approx(0.68 * 480, abs=2)
