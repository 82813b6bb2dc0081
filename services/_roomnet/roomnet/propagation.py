"""Neighbours that look alike belong to the same thing.

Random walker segmentation with priors (Grady, "Multilabel Random Walker Image Segmentation Using Prior Models", CVPR
2005) over superpixels: from each one a walk goes to neighbours, likelier to those that look alike, and may stop at
every step; the priors where it stops, averaged, are the superpixel's probabilities. With x the probabilities, p the
priors, W the weights of the edges and D their sums, that is (D + γ·1 − W) x = γ p.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from roomnet.graph import Graph
from roomnet.superpixels import Superpixels

PRIOR_WEIGHT: Final = 0.4
"""γ: how much a superpixel's own prior counts against one perfectly similar neighbour."""
UNLIKE_SCALE: Final = 7.0
"""Dissimilarity (in units of L*a*b*) at which neighbours hardly influence each other any more."""


def propagate(pixels: Superpixels, graph: Graph, priors: NDArray[np.float32]) -> NDArray[np.float32]:
    """n×K probabilities out of n×K priors; the sum over K stays what it was."""
    smaller = np.sqrt(np.minimum(pixels.area[graph.first], pixels.area[graph.second]))
    weight = graph.length / smaller * np.exp(-((graph.unlike / UNLIKE_SCALE) ** 2)) + 1e-4
    count = len(pixels.area)
    walk = np.zeros((count, count))
    walk[graph.first, graph.second] = walk[graph.second, graph.first] = -weight
    walk[np.diag_indices(count)] = PRIOR_WEIGHT - walk.sum(axis=1)
    return np.asarray(np.linalg.solve(walk, PRIOR_WEIGHT * priors), dtype=np.float32)
