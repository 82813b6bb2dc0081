"""What is done to soft maps: fitted to edges, cleared of small regions."""

import numpy as np

from roomnet import refinement
from roomnet.vocabulary import Ade


def test_soft_maps_end_where_the_photos_edges_are() -> None:
    photo = np.full((200, 300, 3), 60, dtype=np.uint8)
    photo[:, 147:] = 200
    step = np.linspace(1, 0, 38, dtype=np.float32)
    soft = np.stack([np.tile(step, (25, 1)), np.tile(1 - step, (25, 1))])
    labels = refinement.follow_edges(soft, photo).argmax(axis=0)
    assert np.abs((labels[100] == 0).sum() - 147) <= 1
    assert refinement.resized(soft, photo).shape == (2, 200, 300)


def test_small_regions_go_to_what_surrounds_them() -> None:
    labels = np.zeros((200, 300), dtype=np.uint8)
    labels[100:, :] = 3
    labels[20:24, 20:24] = 7
    labels[150:190, 50:120] = 7
    cleared = refinement.without_small_regions(labels)
    assert (cleared[:95, :] == 0).all()
    assert (cleared[155:185, 55:115] == 7).all()
    everything = np.ones((3, 3), dtype=bool)
    assert (refinement.nearest(labels[:3, :3], everything) == labels[:3, :3]).all()


def test_a_patch_of_wall_in_a_bed_is_bed_but_a_picture_on_a_wall_stays() -> None:
    labels = np.zeros((200, 300), dtype=np.uint8)
    labels[80:190, 20:200] = Ade.BED
    labels[100:110, 50:70] = Ade.WALL
    labels[20:40, 100:130] = Ade.PAINTING
    labels[120:180, 198:215] = Ade.FLOOR  # between bed and wall
    filled = refinement.without_holes(labels, (Ade.WALL, Ade.FLOOR, Ade.CEILING))
    assert (filled[100:110, 50:70] == Ade.BED).all()
    assert (filled == labels).mean() == 1 - 200 / labels.size
