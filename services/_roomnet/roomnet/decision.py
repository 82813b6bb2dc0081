"""From probabilities of many classes to one label a pixel: first the surface, then what kind of it.

Furniture is spread over two dozen classes; each alone may be less probable than `wall` where all together are not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from roomnet.vocabulary import SURFACES, Ade, Surface

MIN_SHARE: Final = 0.002
"""Of the picture: the probability of a class that is expected to cover less goes to its fallback."""

MIN_KIND_SHARE: Final = 0.3
"""Share of the probability of furniture that its most probable kind must have; else the label is Ade.BOX."""

FALLBACK: Final = {
    Surface.WALL: Ade.WALL,
    Surface.FLOOR: Ade.FLOOR,
    Surface.CEILING: Ade.CEILING,
    Surface.OPENING: Ade.WINDOW,
    Surface.OBJECT: Ade.BOX,
}
"""What stands for each surface."""

MIN_PROBABILITY: Final = 1e-4
"""Smaller probabilities are raised to this one before they are multiplied."""

_SURFACES_OF_LABELS: Final = np.full(256, Surface.OBJECT, dtype=np.uint8)
_SURFACES_OF_LABELS[list(SURFACES)] = list(SURFACES.values())


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """The probability of each class at each pixel."""

    classes: tuple[Ade, ...]

    values: NDArray[np.float32]
    """K×h×w, sums to 1 over K."""

    def replaced(self, values: NDArray[np.float32]) -> "Posterior":
        """Other values of the same classes."""
        return Posterior(classes=self.classes, values=values)

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


def merge_rare_classes(groups: NDArray[np.float32], classes: Sequence[Ade]) -> Posterior:
    """The classes that cover enough of the picture, and the five that all others are added to; from G×h×w."""
    share = groups.mean(axis=(1, 2))
    kept = [number for number, one in enumerate(classes) if share[number] >= MIN_SHARE or one in FALLBACK.values()]
    values = groups[kept]
    for number in set(range(len(classes))) - set(kept):
        fallback = classes.index(FALLBACK[surface_of(classes[number])])
        values[kept.index(fallback)] += groups[number]
    return Posterior(classes=tuple(classes[number] for number in kept), values=values)


def by_surface(posterior: Posterior) -> NDArray[np.float32]:
    """5×h×w: the probability of each surface."""
    totals = np.zeros((len(Surface), *posterior.values.shape[1:]), dtype=np.float32)
    for number, surface in enumerate(posterior.surfaces):
        totals[surface] += posterior.values[number]
    return totals


def decide(posterior: Posterior) -> NDArray[np.uint8]:
    """Labels (ADE20K's indices), h×w."""
    totals = by_surface(posterior)
    best = totals.argmax(axis=0)
    labels = np.zeros(best.shape, dtype=np.uint8)
    sure = np.full(best.shape, -1.0, dtype=np.float32)
    for one, surface, values in zip(posterior.classes, posterior.surfaces, posterior.values, strict=True):
        better = (best == surface) & (values > sure)
        labels[better] = one
        sure[better] = values[better]
    labels[(best == Surface.OBJECT) & (sure < MIN_KIND_SHARE * totals[Surface.OBJECT])] = Ade.BOX
    return labels


def confidence(labels: NDArray[np.uint8], predicted: NDArray[np.float32], posterior: Posterior) -> NDArray[np.float32]:
    """The probability, h×w, that labels (h×w) are right: parts of the building as surfaces, objects as their kind.

    `predicted` (5×h×w) is the network's probability of each surface at each pixel, `posterior` that after smoothing
    along the photo's edges. Both are taken as independent and multiplied (product of experts, Hinton, Neural
    Computation 2002): a label that both support is more probable than in either, one that only the surroundings support
    less.
    """
    totals = by_surface(posterior)
    both = np.maximum(totals, MIN_PROBABILITY) * np.maximum(predicted, MIN_PROBABILITY)
    surface = surfaces(labels).astype(np.intp)
    sure = np.take_along_axis(both, surface[None], axis=0)[0] / both.sum(axis=0)
    for one, values in zip(posterior.classes, posterior.values, strict=True):
        if one not in FALLBACK.values():
            named, whole = labels == one, totals[surface_of(one)]
            sure[named] *= np.clip(values[named] / np.maximum(whole[named], MIN_PROBABILITY), 0.0, 1.0)
    return np.asarray(sure, dtype=np.float32)
