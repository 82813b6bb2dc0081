"""How sharply paint ends."""

import numpy as np

from diffusion.lite.borders import share, softness
from diffusion.lite.labels import Label
from diffusion.lite.morphology import bits


def test_paint_ends_sharply_on_an_edge_and_softly_elsewhere() -> None:
    labels = np.full((384, 512), Label.CEILING, dtype=np.uint8)
    labels[200:] = Label.CABINET
    edge = np.zeros((384, 512), dtype=np.uint8)
    edge[199:202, :256] = 1
    ceiling = share(bits(labels == Label.CEILING), softness(labels, edge), 512)
    for column, least, most in ((100, 1, 4), (400, 8, 30)):
        between = (ceiling[:, column] > 0.02) & (ceiling[:, column] < 0.98)
        assert least <= between.sum() <= most
    assert (np.diff(ceiling[:, 400]) <= 1e-6).all()


def test_a_straight_border_of_two_surfaces_is_sharp_without_an_edge() -> None:
    labels = np.full((384, 512), Label.CEILING, dtype=np.uint8)
    labels[np.arange(384)[:, None] > 150 + 0.3 * np.arange(512)[None]] = Label.WALL
    crooked = labels.copy()
    crooked[np.arange(384)[:, None] > 180 + 25 * np.sin(np.arange(512) / 12)[None]] = Label.WALL
    nothing = np.zeros((384, 512), dtype=np.uint8)
    assert not softness(labels, nothing)[:, 30:-30].any()
    assert softness(crooked, nothing).max() > 0.9


def test_the_shares_of_all_surfaces_add_up_to_one() -> None:
    random = np.random.default_rng(2)
    labels = np.kron(random.integers(0, len(Label), (6, 8)), np.ones((40, 40))).astype(np.uint8)
    edge = bits(random.random(labels.shape) < 0.01)
    soft = softness(labels, edge)
    whole = sum(share(bits(labels == region), soft, 320) for region in Label)
    np.testing.assert_allclose(whole, 1.0, atol=1e-4)
