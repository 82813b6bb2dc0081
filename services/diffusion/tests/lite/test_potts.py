"""The solver of Potts energies, against every labelling there is."""

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from diffusion.lite import potts
from servicekit.imaging.arrays import Floats, floats


def graph(seed: int, nodes: int = 9, labels: int = 3) -> tuple[Floats, NDArray[np.intp], Floats]:
    """A 3×3 grid with random costs and weights."""
    random = np.random.default_rng(seed)
    right = [(one, one + 1) for one in range(nodes) if one % 3 < 2]
    down = [(one, one + 3) for one in range(nodes - 3)]
    pairs = np.array(right + down, dtype=np.intp)
    return floats(random.uniform(0, 2, (nodes, labels))), pairs, floats(random.uniform(0, 1.5, len(pairs)))


@pytest.mark.parametrize("seed", range(12))
def test_what_is_found_is_the_least_there_is_or_next_to_it(seed: int) -> None:
    unary, pairs, weights = graph(seed)
    least = min(
        potts.energy(unary, pairs, weights, np.array(labels)) for labels in product(range(3), repeat=len(unary))
    )
    found = potts.energy(unary, pairs, weights, potts.solve(unary, pairs, weights))
    assert least - 1e-5 <= found <= 1.02 * least


def test_a_node_alone_takes_its_cheapest_label() -> None:
    unary = floats([[1, 0, 2], [0, 1, 2]])
    nothing = np.zeros((0, 2), dtype=np.intp)
    assert potts.solve(unary, nothing, floats([])).tolist() == [1, 0]


def test_a_whole_part_moves_where_no_single_node_would() -> None:
    """Four nodes bound strongly to each other, each only a little better off with the label of what is around."""
    pairs = np.array([(0, 1), (1, 2), (2, 3), (3, 0), (3, 4)], dtype=np.intp)
    weights = floats([5, 5, 5, 5, 1])
    unary = floats([[0, 0.1]] * 4 + [[9, 0]])
    assert potts.solve(unary, pairs, weights).tolist() == [1] * 5


def test_parts_are_numbered_by_label_and_touch() -> None:
    pairs = np.array([(0, 1), (1, 2), (2, 3), (3, 4), (5, 4)], dtype=np.intp)
    parts = potts.components(np.array([0, 0, 1, 0, 0, 0]), pairs)
    assert parts[0] == parts[1]
    assert parts[3] == parts[4] == parts[5]
    assert len({parts[0], parts[2], parts[3]}) == 3


def test_a_long_chain_is_one_part() -> None:
    order = np.random.default_rng(1).permutation(2000)
    pairs = np.stack([order[:-1], order[1:]], axis=1)
    assert not potts.components(np.zeros(2000, dtype=np.intp), pairs).any()
