"""Regions: superpixels merged where nothing separates them, which shows how far one surface reaches.

Graph-based segmentation (Felzenszwalb & Huttenlocher, IJCV 2004) over the superpixels: two groups are joined where the
edge between them is no stronger than the differences within each, larger groups being held to more.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from roomnet.graph import Graph
from roomnet.superpixels import Superpixels

SCALES: Final = (6.0, 12.0, 40.0)
"""Preferences for large regions: the dissimilarity that a region of one per cent of the picture may have. Small ones
stop at faint borders, large ones reach across texture; neither is right for every photo."""
OUTLIERS: Final = 0.04
"""Share of a region that may stick out of what counts as its extent: a leak should not spoil it."""


@dataclass(frozen=True, kw_only=True)
class Regions:
    """What region each superpixel lies in, and how far that reaches. All of length n, in shares of the picture."""

    top: NDArray[np.float32]
    bottom: NDArray[np.float32]
    left: NDArray[np.float32]
    right: NDArray[np.float32]
    area: NDArray[np.float32]


def merge(pixels: Superpixels, graph: Graph, scale: float) -> Regions:
    """Joins superpixels, the most alike first; `scale` is one of SCALES."""
    total = float(pixels.area.sum())
    parent = list(range(len(pixels.area)))
    area = (pixels.area / total).tolist()
    allowed = [scale / (100 * share) for share in area]

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for edge in np.argsort(graph.unlike, kind="stable"):
        unlike = float(graph.unlike[edge])
        one, two = root(int(graph.first[edge])), root(int(graph.second[edge]))
        if one != two and unlike <= min(allowed[one], allowed[two]):
            parent[two] = one
            area[one] += area[two]
            allowed[one] = unlike + scale / (100 * area[one])
    roots = np.array([root(one) for one in range(len(parent))])
    return _extents(pixels, roots, np.array(area, dtype=np.float32)[roots])


def _extents(pixels: Superpixels, roots: NDArray[np.int64], area: NDArray[np.float32]) -> Regions:
    height, width = pixels.index.shape
    region = roots[pixels.index]
    rows, columns = np.mgrid[0:height, 0:width]
    top, bottom = _extent(region, rows, len(roots), height)
    left, right = _extent(region, columns, len(roots), width)
    return Regions(top=top[roots], bottom=bottom[roots], left=left[roots], right=right[roots], area=area)


def _extent(
    region: NDArray[np.int64], place: NDArray[np.int64], count: int, length: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where each of `count` regions begins and ends along an axis of that length, in shares of it."""
    histogram = np.bincount((region * length + place).ravel(), minlength=count * length).reshape(count, length)
    passed = np.cumsum(histogram, axis=1) / np.maximum(1, histogram.sum(axis=1, keepdims=True))
    begin = np.argmax(passed >= OUTLIERS, axis=1) / length
    end = (np.argmax(passed >= 1 - OUTLIERS, axis=1) + 1) / length
    return begin.astype(np.float32), end.astype(np.float32)
