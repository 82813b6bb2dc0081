"""Where the lite engine's paint ends: labels moved to edges and put in order; borders sharp or soft."""

import numpy as np
import pytest

from diffusion.lite.borders import share, softness
from diffusion.lite.boundary_refinement import follow_edges
from diffusion.lite.layout_rules import in_order
from diffusion.lite.morphology import bits
from diffusion.lite.regions import Region


def test_borders_move_to_the_photos_edge_and_no_farther() -> None:
    photo = np.full((256, 256, 3), 220, dtype=np.uint8)
    photo[:, 128:] = 60
    edge = np.zeros((256, 256), dtype=np.uint8)
    edge[:, 126:130] = 1
    labels = np.full((256, 256), Region.WALL, dtype=np.uint8)
    labels[:, 127:] = Region.FLOOR
    assert ((follow_edges(labels, photo, edge) == Region.FLOOR)[:, 128:]).all()
    assert not (follow_edges(labels, photo, edge) == Region.FLOOR)[:, :126].any()
    labels[:, 100:] = Region.FLOOR  # too far away to be the same border
    moved = follow_edges(labels, photo, edge)
    assert (moved[:, 101:] == Region.FLOOR).all()
    assert (moved[:, :99] == Region.WALL).all()


def test_a_border_that_no_edge_guides_is_drawn_evenly() -> None:
    photo = np.random.default_rng(3).normal(180, 3, (384, 512, 3)).clip(0, 255).astype(np.uint8)
    labels = np.full((384, 512), Region.CEILING, dtype=np.uint8)
    for column in range(512):
        labels[180 + column // 8 % 2 * 6 :, column] = Region.WALL  # teeth
    even = follow_edges(labels, photo, np.zeros((384, 512), dtype=np.uint8))
    border = (even == Region.CEILING).sum(axis=0)[40:-40]
    assert np.ptp(border) <= 2
    assert border.mean() == pytest.approx(183, abs=1.5)


def test_thin_things_keep_their_label() -> None:
    photo = np.full((1024, 1024, 3), 200, dtype=np.uint8)
    photo[:, 500:504] = 40
    labels = np.full((1024, 1024), Region.WALL, dtype=np.uint8)
    labels[:, 500:504] = Region.OTHER
    edge = np.zeros((1024, 1024), dtype=np.uint8)
    edge[:, 498:506] = 1
    assert (follow_edges(labels, photo, edge)[100:900, 501:503] == Region.OTHER).all()


def test_walls_over_a_ceiling_and_under_a_floor_are_not_walls() -> None:
    labels = np.full((100, 3), Region.WALL, dtype=np.uint8)
    labels[10:30, 0] = Region.CEILING
    labels[60:90, 1] = Region.FLOOR
    labels[70:72, 2] = Region.CEILING  # a label lost in the middle of a wall
    ordered = in_order(labels)
    assert (ordered[:30, 0] == Region.CEILING).all()
    assert (ordered[30:, 0] == Region.WALL).all()
    assert (ordered[60:, 1] == Region.FLOOR).all()
    assert (ordered[:70, 2] == Region.WALL).all()


def test_paint_ends_sharply_on_an_edge_and_softly_elsewhere() -> None:
    labels = np.full((384, 512), Region.CEILING, dtype=np.uint8)
    labels[200:] = Region.CABINET
    edge = np.zeros((384, 512), dtype=np.uint8)
    edge[199:202, :256] = 1
    ceiling = share(bits(labels == Region.CEILING), softness(labels, edge), 512)
    for column, least, most in ((100, 1, 4), (400, 8, 30)):
        between = (ceiling[:, column] > 0.02) & (ceiling[:, column] < 0.98)
        assert least <= between.sum() <= most
    assert (np.diff(ceiling[:, 400]) <= 1e-6).all()


def test_a_straight_border_of_two_surfaces_is_sharp_without_an_edge() -> None:
    labels = np.full((384, 512), Region.CEILING, dtype=np.uint8)
    labels[np.arange(384)[:, None] > 150 + 0.3 * np.arange(512)[None]] = Region.WALL
    crooked = labels.copy()
    crooked[np.arange(384)[:, None] > 180 + 25 * np.sin(np.arange(512) / 12)[None]] = Region.WALL
    nothing = np.zeros((384, 512), dtype=np.uint8)
    assert not softness(labels, nothing)[:, 30:-30].any()
    assert softness(crooked, nothing).max() > 0.9


def test_the_shares_of_all_surfaces_add_up_to_one() -> None:
    random = np.random.default_rng(2)
    labels = np.kron(random.integers(0, len(Region), (6, 8)), np.ones((40, 40))).astype(np.uint8)
    edge = bits(random.random(labels.shape) < 0.01)
    soft = softness(labels, edge)
    whole = sum(share(bits(labels == region), soft, 320) for region in Region)
    np.testing.assert_allclose(whole, 1.0, atol=1e-4)
