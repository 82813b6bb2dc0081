"""A photo in cells."""

import cv2
import numpy as np
import pytest

from diffusion.lite import cells

NOTHING = np.zeros((192, 256), dtype=np.uint8)


def test_cells_end_on_the_photos_edges_and_nowhere_across_them() -> None:
    photo = np.full((192, 256, 3), 200, dtype=np.uint8)
    inside = np.zeros((192, 256), dtype=np.uint8)
    cv2.ellipse(inside, (130, 100), (83, 57), 20, 0, 360, (1,), -1)
    photo[inside > 0] = (90, 60, 40)
    found = cells.find(photo, NOTHING)
    share = np.bincount(found.numbers.ravel(), weights=inside.ravel()) / found.area
    assert (np.minimum(share, 1 - share) * found.area).sum() / inside.sum() < 0.02


def test_neighbours_belong_together_unless_an_edge_or_another_colour_parts_them() -> None:
    photo = np.random.default_rng(0).normal(150, 3, (192, 256, 3)).clip(0, 255).astype(np.uint8)
    photo[:, 128:] -= 60
    found = cells.find(photo, NOTHING)
    middle = np.bincount(found.numbers.ravel(), weights=np.tile(np.arange(256.0), 192)) / found.area
    across = (middle[found.pairs[:, 0]] < 128) != (middle[found.pairs[:, 1]] < 128)
    assert np.average(found.soft[across], weights=found.length[across]) < 0.02
    assert np.median(found.soft[~across]) > 0.8
    assert 192 <= found.length[across].sum() < 1.5 * 192, "steps of a pixel count on both axes"


def test_no_cell_holds_both_sides_of_the_mask() -> None:
    mask = NOTHING.copy()
    mask[:77] = 1
    found = cells.find(np.full((192, 256, 3), 128, dtype=np.uint8), mask)
    share = np.bincount(found.numbers.ravel(), weights=mask.ravel()) / found.area
    assert set(share.tolist()) == {0.0, 1.0}
    assert found.soft.min() > 0.9


@pytest.mark.parametrize("shape", [(16, 16), (17, 640), (400, 16), (61, 47)])
def test_every_pixel_is_in_a_cell(shape: tuple[int, int]) -> None:
    photo = np.random.default_rng(2).integers(0, 256, (*shape, 3), dtype=np.uint8)
    found = cells.find(photo, np.zeros(shape, dtype=np.uint8))
    assert found.numbers.shape == shape
    assert found.numbers.min() == 0
    assert found.area.min() > 0
    assert found.area.sum() == shape[0] * shape[1]
    assert (found.pairs[:, 0] < found.pairs[:, 1]).all()
