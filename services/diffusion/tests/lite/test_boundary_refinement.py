"""Borders of labels moved onto the photo's edges."""

import numpy as np
import pytest

from diffusion.lite.boundary_refinement import refine_boundaries
from diffusion.lite.labels import Label


def test_borders_move_to_the_photos_edge_and_no_farther() -> None:
    photo = np.full((256, 256, 3), 220, dtype=np.uint8)
    photo[:, 128:] = 60
    edge = np.zeros((256, 256), dtype=np.uint8)
    edge[:, 126:130] = 1
    labels = np.full((256, 256), Label.WALL, dtype=np.uint8)
    labels[:, 127:] = Label.FLOOR
    assert ((refine_boundaries(labels, photo, edge) == Label.FLOOR)[:, 128:]).all()
    assert not (refine_boundaries(labels, photo, edge) == Label.FLOOR)[:, :126].any()
    labels[:, 100:] = Label.FLOOR  # too far away to be the same border
    moved = refine_boundaries(labels, photo, edge)
    assert (moved[:, 101:] == Label.FLOOR).all()
    assert (moved[:, :99] == Label.WALL).all()


def test_a_border_that_no_edge_guides_is_drawn_evenly() -> None:
    photo = np.random.default_rng(3).normal(180, 3, (384, 512, 3)).clip(0, 255).astype(np.uint8)
    labels = np.full((384, 512), Label.CEILING, dtype=np.uint8)
    for column in range(512):
        labels[180 + column // 8 % 2 * 6 :, column] = Label.WALL  # teeth
    even = refine_boundaries(labels, photo, np.zeros((384, 512), dtype=np.uint8))
    border = (even == Label.CEILING).sum(axis=0)[40:-40]
    assert np.ptp(border) <= 2
    assert border.mean() == pytest.approx(183, abs=1.5)


def test_thin_things_keep_their_label() -> None:
    photo = np.full((1024, 1024, 3), 200, dtype=np.uint8)
    photo[:, 500:504] = 40
    labels = np.full((1024, 1024), Label.WALL, dtype=np.uint8)
    labels[:, 500:504] = Label.OTHER
    edge = np.zeros((1024, 1024), dtype=np.uint8)
    edge[:, 498:506] = 1
    assert (refine_boundaries(labels, photo, edge)[100:900, 501:503] == Label.OTHER).all()
