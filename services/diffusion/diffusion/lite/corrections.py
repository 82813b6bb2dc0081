"""What somebody who has looked says of places in a photo, taken for the regions around them.

A place speaks for the part that it lies in, one label in one state, painted or left: that is what was seen to be wrong.
Of that part it takes the cells that are reached from its own over borders that show little of an edge, so that it ends
where the photo's edges are; between two places the nearer one counts.
"""

import heapq
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from diffusion.lite.cells import Cells
from diffusion.lite.labels import Label
from diffusion.lite.parameters import CORRECTIONS
from servicekit.types.corrections import Correction, CorrectionLabel

NOBODYS: Final = -1
MEANT: Final = {
    CorrectionLabel.WALL: Label.WALL,
    CorrectionLabel.FLOOR: Label.FLOOR,
    CorrectionLabel.CEILING: Label.CEILING,
    CorrectionLabel.LEAVE: Label.OTHER,
}


def owners(found: Cells, state: NDArray[np.intp], corrections: Sequence[Correction]) -> NDArray[np.intp]:
    """N numbers of corrections, those that cells go with; NOBODYS elsewhere. `state` is N numbers, one for each of the
    things that a cell can be seen as (shortest paths from all places at once: Dijkstra, 1959).
    """
    height, width = found.numbers.shape
    inside = state[found.pairs[:, 0]] == state[found.pairs[:, 1]]
    edge = -np.log(np.maximum(found.soft[inside], 1e-6))
    costs = np.maximum(0.0, edge - CORRECTIONS.shading) + CORRECTIONS.step
    beside: list[list[tuple[int, float]]] = [[] for _ in found.area]
    for (one, other), cost in zip(found.pairs[inside].tolist(), costs.tolist(), strict=True):
        beside[one].append((other, cost))
        beside[other].append((one, cost))
    owner = np.full(len(found.area), NOBODYS, dtype=np.intp)
    waiting = []
    for number, place in enumerate(corrections):
        row, column = min(int(place.y * height), height - 1), min(int(place.x * width), width - 1)
        waiting.append((0.0, -number, int(found.numbers[row, column])))  # of two for one place the later counts
    heapq.heapify(waiting)
    while waiting:
        far, number, cell = heapq.heappop(waiting)
        if owner[cell] != NOBODYS:
            continue
        owner[cell] = -number
        for other, cost in beside[cell]:
            if owner[other] == NOBODYS and far + cost <= CORRECTIONS.reach:
                heapq.heappush(waiting, (far + cost, number, other))
    return owner


def meant(corrections: Sequence[Correction]) -> NDArray[np.intp]:
    """C labels, what each correction says that its region is."""
    return np.array([MEANT[one.label] for one in corrections], dtype=np.intp)
