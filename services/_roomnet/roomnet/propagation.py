"""Surfaces decided together: neighbours that look alike belong to the same surface.

Random walker segmentation with priors (Grady, "Multilabel Random Walker Image Segmentation Using Prior Models", CVPR
2005) over the superpixels: from each one a walk goes to neighbours, likelier to those that look alike, and may stop at
every step; the priors where it stops, averaged, are the superpixel's probabilities. Between rounds the priors are
joined by what the surfaces found so far look like in this photo, as GrabCut does (Rother et al., SIGGRAPH 2004).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from roomnet.cues import Scores
from roomnet.graph import Graph
from roomnet.superpixels import Superpixels

ROUNDS: Final = 2
STEPS: Final = 150
"""Of a walk; nearly all have stopped by then."""
PRIOR_WEIGHT: Final = 0.25
"""How much a superpixel's own prior counts against one perfectly similar neighbour."""
UNLIKE_SCALE: Final = 7.0
"""Dissimilarity (in units of L*a*b*) at which neighbours hardly influence each other any more."""
COLOUR_SCALE: Final = 7.0
"""Colour difference (L*a*b*) at which two superpixels hardly speak for the same surface."""
CONTRAST: Final = 1.2
"""Exponent that makes up for the walk's mixing: with it, the probabilities are right about as often as they say."""
MODEL_WEIGHT: Final = 0.7
"""How much the surfaces' looks in this photo add to the priors."""


def propagate(pixels: Superpixels, graph: Graph, scores: Scores) -> NDArray[np.float32]:
    """n×5 probabilities of every surface."""
    walk = _Walk(pixels, graph)
    squared = ((graph.colours[:, None] - graph.colours[None]) ** 2).sum(axis=2)
    alike = np.exp(-squared / (2 * COLOUR_SCALE**2))
    priors = _softmax(scores)
    for _round in range(ROUNDS):
        looks = _likelihoods(pixels, alike, walk.average(priors))
        priors = _softmax(scores + MODEL_WEIGHT * looks)
    decided = walk.average(priors) ** CONTRAST
    return np.asarray(decided / decided.sum(axis=1, keepdims=True), dtype=np.float32)


class _Walk:
    """Where walks go, as the list of directed edges sorted by where they start."""

    def __init__(self, pixels: Superpixels, graph: Graph) -> None:
        smaller = np.sqrt(np.minimum(pixels.area[graph.first], pixels.area[graph.second]))
        weight = graph.length / smaller * np.exp(-((graph.unlike / UNLIKE_SCALE) ** 2)) + 1e-4
        start = np.concatenate([graph.first, graph.second])
        order = np.argsort(start, kind="stable")
        self._end = np.concatenate([graph.second, graph.first])[order]
        self._weight = np.concatenate([weight, weight])[order, None].astype(np.float32)
        self._begin = np.searchsorted(start[order], np.arange(len(pixels.area)))

    def average(self, priors: NDArray[np.float32]) -> NDArray[np.float32]:
        """The mean prior of where walks stop: n×5."""
        if not len(self._end):
            return priors  # a single superpixel has nowhere to go
        total = np.add.reduceat(self._weight, self._begin, axis=0) + PRIOR_WEIGHT
        found = priors
        for _step in range(STEPS):
            arriving = np.add.reduceat(self._weight * found[self._end], self._begin, axis=0)
            found = np.asarray((PRIOR_WEIGHT * priors + arriving) / total, dtype=np.float32)
        return found


def _likelihoods(pixels: Superpixels, alike: NDArray[np.float32], found: NDArray[np.float32]) -> NDArray[np.float32]:
    """n×5 log-likelihood of each superpixel's colour under each surface's colours, by kernel density."""
    mass = found * pixels.area[:, None]
    total = mass.sum(axis=0)
    density = alike @ mass / (total + 1e-6)
    # a surface that is hardly there has no looks of its own to speak of
    trust = total / (total + 0.04 * pixels.area.sum())
    log = np.log(density + 1e-3)
    return np.asarray(trust * (log - log.mean(axis=1, keepdims=True)), dtype=np.float32)


def _softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)
