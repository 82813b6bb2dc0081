"""From probabilities of many classes to one label a pixel: first the surface, then what kind of it.

Furniture is spread over two dozen classes; each alone may be less probable than `wall` where all together are not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from roomnet.vocabulary import SURFACES, Ade, Surface

LEAST_SHARE: Final = 0.002
"""Of the picture: a class that is expected to cover less is not told apart, its probability goes to its fallback."""

NAMED: Final = 0.3
"""Share of what speaks for furniture that its most probable kind must have to be named; else it is Ade.BOX."""

FALLBACK: Final = {
    Surface.WALL: Ade.WALL,
    Surface.FLOOR: Ade.FLOOR,
    Surface.CEILING: Ade.CEILING,
    Surface.OPENING: Ade.WINDOW,
    Surface.OBJECT: Ade.BOX,
}
"""What stands for each surface."""

LEAST_PROBABLE: Final = 1e-4
"""A probability: below it is nothing to be told from nothing."""

_SURFACES_OF_LABELS: Final = np.full(256, Surface.OBJECT, dtype=np.uint8)
_SURFACES_OF_LABELS[list(SURFACES)] = list(SURFACES.values())


@dataclass(frozen=True, kw_only=True)
class Beliefs:
    """How probable each class is where."""

    classes: tuple[Ade, ...]

    values: NDArray[np.float32]
    """K×h×w, sums to 1 over K."""

    def replaced(self, values: NDArray[np.float32]) -> "Beliefs":
        """Other values of the same classes."""
        return Beliefs(classes=self.classes, values=values)

    @property
    def surfaces(self) -> NDArray[np.intp]:
        """K: the Surface behind each class."""
        return np.array([surface_of(one) for one in self.classes], dtype=np.intp)


def surface_of(label: Ade) -> Surface:
    """The surface behind a class."""
    return SURFACES.get(label, Surface.OBJECT)


def surfaces(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The Surface values behind ADE20K's indices, of any shape."""
    return _SURFACES_OF_LABELS[labels]


def worth_telling(groups: NDArray[np.float32], classes: Sequence[Ade]) -> Beliefs:
    """The classes of which enough is seen, and the five that all others fall back on; from G×h×w."""
    seen = groups.mean(axis=(1, 2))
    kept = [number for number, one in enumerate(classes) if seen[number] >= LEAST_SHARE or one in FALLBACK.values()]
    values = groups[kept]
    for number in set(range(len(classes))) - set(kept):
        fallback = classes.index(FALLBACK[surface_of(classes[number])])
        values[kept.index(fallback)] += groups[number]
    return Beliefs(classes=tuple(classes[number] for number in kept), values=values)


def by_surface(beliefs: Beliefs) -> NDArray[np.float32]:
    """5×h×w: the probability of each surface."""
    totals = np.zeros((len(Surface), *beliefs.values.shape[1:]), dtype=np.float32)
    for number, surface in enumerate(beliefs.surfaces):
        totals[surface] += beliefs.values[number]
    return totals


def decide(beliefs: Beliefs) -> NDArray[np.uint8]:
    """Labels (ADE20K's indices), h×w."""
    totals = by_surface(beliefs)
    best = totals.argmax(axis=0)
    labels = np.zeros(best.shape, dtype=np.uint8)
    sure = np.full(best.shape, -1.0, dtype=np.float32)
    for one, surface, values in zip(beliefs.classes, beliefs.surfaces, beliefs.values, strict=True):
        better = (best == surface) & (values > sure)
        labels[better] = one
        sure[better] = values[better]
    labels[(best == Surface.OBJECT) & (sure < NAMED * totals[Surface.OBJECT])] = Ade.BOX
    return labels


def confidence(labels: NDArray[np.uint8], seen: NDArray[np.float32], beliefs: Beliefs) -> NDArray[np.float32]:
    """How probable labels (h×w) are: parts of the building as surfaces, named things as what they are named.

    `seen` (5×h×w) is what the network said of the surfaces at each pixel, `beliefs` what surroundings and edges made of
    it. They are taken for two opinions of their own and multiplied (product of experts, Hinton, Neural Computation
    2002): a label that both hold is surer than in either, one that only the surroundings hold is less sure.
    """
    totals = by_surface(beliefs)
    both = np.maximum(totals, LEAST_PROBABLE) * np.maximum(seen, LEAST_PROBABLE)
    surface = surfaces(labels).astype(np.intp)
    sure = np.take_along_axis(both, surface[None], axis=0)[0] / both.sum(axis=0)
    things = np.maximum(totals[Surface.OBJECT], LEAST_PROBABLE)
    for one, values in zip(beliefs.classes, beliefs.values, strict=True):
        if surface_of(one) == Surface.OBJECT and one != Ade.BOX:
            named = labels == one
            sure[named] *= np.clip(values[named] / things[named], 0.0, 1.0)
    return np.asarray(sure, dtype=np.float32)
