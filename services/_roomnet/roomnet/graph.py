"""Which superpixels touch, and how alike they are."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from roomnet.picture import Picture
from roomnet.superpixels import Superpixels

EDGE_WEIGHT: Final = 1.4
"""What a unit of gradient along a shared border counts, in units of colour difference (L*a*b*)."""


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Pairs of superpixels that share a border; all of length m."""

    first: NDArray[np.int64]

    second: NDArray[np.int64]

    length: NDArray[np.float32]
    """Of the border, in pixels."""

    unlike: NDArray[np.float32]
    """Colour difference and edge strength along the border together, in units of L*a*b*."""

    colours: NDArray[np.float32]
    """n×3: the mean L*a*b* of every superpixel."""


def connect(picture: Picture, pixels: Superpixels) -> Graph:
    """The graph of a partition."""
    index, gradient, count = pixels.index, picture.gradient, len(pixels.area)
    colours = np.stack([pixels.mean(np.ascontiguousarray(picture.lab[..., i])) for i in range(3)], axis=1)
    pairs, edges = [], []
    for one, two, here, there in (
        (index[:, :-1], index[:, 1:], gradient[:, :-1], gradient[:, 1:]),
        (index[:-1], index[1:], gradient[:-1], gradient[1:]),
    ):
        border = one != two
        pairs.append(np.minimum(one, two)[border].astype(np.int64) * count + np.maximum(one, two)[border])
        edges.append(np.maximum(here, there)[border])
    unique, inverse, lengths = np.unique(np.concatenate(pairs), return_inverse=True, return_counts=True)
    edge = np.bincount(inverse, weights=np.concatenate(edges)) / lengths
    first, second = unique // count, unique % count
    difference = np.linalg.norm(colours[first] - colours[second], axis=1)
    return Graph(
        first=first,
        second=second,
        length=lengths.astype(np.float32),
        unlike=np.hypot(difference, EDGE_WEIGHT * edge).astype(np.float32),
        colours=colours,
    )
