"""What is done to soft maps: fitted to edges."""

import numpy as np

from roomnet import refinement


def test_soft_maps_end_where_the_photos_edges_are() -> None:
    photo = np.full((200, 300, 3), 60, dtype=np.uint8)
    photo[:, 147:] = 200
    step = np.linspace(1, 0, 38, dtype=np.float32)
    soft = np.stack([np.tile(step, (25, 1)), np.tile(1 - step, (25, 1))])
    labels = refinement.follow_edges(soft, photo).argmax(axis=0)
    assert np.abs((labels[100] == 0).sum() - 147) <= 1
    assert refinement.resized(soft, photo).shape == (2, 200, 300)
