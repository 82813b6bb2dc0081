"""Surfaces decided together: neighbours that look alike belong to the same surface.

Random walker segmentation with priors (Grady, CVPR 2005) over the superpixels: the probabilities minimise their squared
differences across the graph's edges plus their distance from the priors, which is one linear system. Between rounds the
priors are joined by what the surfaces found so far look like in this photo, as GrabCut does (Rother et al., 2004).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from roomnet.cues import Scores
from roomnet.graph import Graph
from roomnet.superpixels import Superpixels

ROUNDS: Final = 2
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
    laplacian = _laplacian(pixels, graph)
    priors = _softmax(scores)
    for _round in range(ROUNDS):
        found = _solve(laplacian, priors)
        looks = _likelihoods(pixels, graph.colours, found)
        priors = _softmax(scores + MODEL_WEIGHT * looks)
    decided = _solve(laplacian, priors) ** CONTRAST
    return np.asarray(decided / decided.sum(axis=1, keepdims=True), dtype=np.float32)


def _laplacian(pixels: Superpixels, graph: Graph) -> NDArray[np.float64]:
    """n×n graph Laplacian over superpixels that touch."""
    count, first, second = len(pixels.area), graph.first, graph.second
    alike = np.exp(-((graph.unlike / UNLIKE_SCALE) ** 2))
    weight = graph.length / np.sqrt(np.minimum(pixels.area[first], pixels.area[second])) * alike + 1e-4
    affinity = np.zeros((count, count))
    affinity[first, second] = weight
    affinity[second, first] = weight
    laplacian: NDArray[np.float64] = np.diag(affinity.sum(axis=1)) - affinity
    return laplacian


def _solve(laplacian: NDArray[np.float64], priors: NDArray[np.float32]) -> NDArray[np.float32]:
    system = laplacian + PRIOR_WEIGHT * np.eye(len(laplacian))
    return np.linalg.solve(system, PRIOR_WEIGHT * priors.astype(np.float64)).astype(np.float32)


def _likelihoods(pixels: Superpixels, colours: NDArray[np.float32], found: NDArray[np.float32]) -> NDArray[np.float32]:
    """n×5 log-likelihood of each superpixel's colour under each surface's colours, by kernel density."""
    squared = ((colours[:, None] - colours[None]) ** 2).sum(axis=2)
    kernel = np.exp(-squared / (2 * COLOUR_SCALE**2))
    mass = found * pixels.area[:, None]
    total = mass.sum(axis=0)
    density = kernel @ mass / (total + 1e-6)
    # a surface that is hardly there has no looks of its own to speak of
    trust = total / (total + 0.04 * pixels.area.sum())
    log = np.log(density + 1e-3)
    return np.asarray(trust * (log - log.mean(axis=1, keepdims=True)), dtype=np.float32)


def _softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)
