"""Whether walls, windows and furniture are where they were.

Two views are joined. Edges: gradients of both pictures are compared in strength and direction, whatever their sign,
since a wall may turn from lighter to darker than its window. Layout: the surfaces that the engine finds in both
pictures, and the depth that it sees in them where it has a model of its own for that.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from controlmaps.domain import Layout, Segmentation
from servicekit.imaging import resizing
from servicekit.imaging.arrays import RGB
from servicekit.types import ade20k

LONG_SIDE: Final = 384
"""Pixels at which pictures are compared: details and texture may change, the room may not."""
NOISE: Final = 2.5
"""Gradient (of L 0–100 a pixel) that counts as half an edge."""
CHANCE: Final = 0.25
"""Edge agreement of two rooms that have nothing to do with each other; scored 0."""
LOST_SHARE: Final = 0.7
"""How much lost edges count against new ones: new materials bring edges of their own."""
LAYOUT_SHARE: Final = 0.2
"""How much the layout counts against the edges."""
DEPTH_SHARE: Final = 0.5
"""How much depth counts against the surfaces, in the layout."""
DEPTH_SIDE: Final = 64
"""Pixels at which depths are compared."""
DEPTH_CHANCE: Final = 0.5
"""Rank correlation that two rooms' depths have because floors are near and far walls are high; scored 0."""

Plane = NDArray[np.float32]


def reduced(picture: RGB) -> RGB:
    """The picture at the size at which structure is compared."""
    return resizing.reduced(picture, LONG_SIDE, least=16)


def score(original: RGB, result: RGB, before: Layout, after: Layout) -> float:
    """Agreement of two reduced pictures and what is seen in them, 0–1."""
    edges = edge_agreement(original, result)
    return (1 - LAYOUT_SHARE) * edges + LAYOUT_SHARE * layout_agreement(before, after)


def edge_agreement(original: RGB, result: RGB) -> float:
    """How many of the edges are the same, 0–1: 1 for identical pictures, about 0 for two different rooms."""
    one, other = _edges(original), _edges(result)
    kept, new = _found(one, other), _found(other, one)
    raw = LOST_SHARE * kept + (1 - LOST_SHARE) * new
    return float(np.clip((raw - CHANCE) / (1 - CHANCE), 0, 1))


def layout_agreement(before: Layout, after: Layout) -> float:
    """Whether the same surfaces are at the same place and as far away, 0–1."""
    surfaces = surface_agreement(before.surfaces, after.surfaces)
    if before.depth is None or after.depth is None:
        return surfaces
    return (1 - DEPTH_SHARE) * surfaces + DEPTH_SHARE * depth_agreement(before.depth, after.depth)


def depth_agreement(before: Plane, after: Plane) -> float:
    """Whether what was nearer is nearer still, 0–1: Spearman's correlation, blind to scale and shift."""
    one, other = _ranks(before), _ranks(after)
    spread = float(one.std() * other.std())
    if spread == 0.0:
        return float(one.std() == other.std())
    correlation = float(((one - one.mean()) * (other - other.mean())).mean()) / spread
    return float(np.clip((correlation - DEPTH_CHANCE) / (1 - DEPTH_CHANCE), 0, 1))


def surface_agreement(before: Segmentation, after: Segmentation) -> float:
    """Share of pixels on the same surface in both, weighted by how sure the engine is of them."""
    weight = before.confidence * after.confidence + 1e-6
    same = _SURFACES[before.labels] == _SURFACES[after.labels]
    return float((weight * same).sum() / weight.sum())


def _edges(picture: RGB) -> tuple[Plane, Plane, Plane]:
    """Strength 0–1 and the doubled direction's cosine and sine, so that opposite gradients are equal."""
    lightness = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[..., 0]
    smooth = cv2.GaussianBlur(lightness, (0, 0), 1.2)
    across = np.asarray(cv2.Scharr(smooth, cv2.CV_32F, 1, 0, scale=1 / 32), dtype=np.float32)
    down = np.asarray(cv2.Scharr(smooth, cv2.CV_32F, 0, 1, scale=1 / 32), dtype=np.float32)
    squared = across**2 + down**2
    strength = squared / (squared + NOISE**2)
    length = squared + 1e-9
    return strength, (across**2 - down**2) / length, 2 * across * down / length


def _found(edges: tuple[Plane, Plane, Plane], where: tuple[Plane, Plane, Plane]) -> float:
    """The share of some edges that is found in another picture, at the same place and in the same direction."""
    strength, cosine, sine = edges
    total = float(strength.sum())
    if total < 1e-3 * strength.size:
        return 1.0  # there are none to lose
    parallel = np.clip(cosine * where[1] + sine * where[2], 0, 1)
    return float((np.minimum(strength, where[0]) * parallel).sum() / total)


def _ranks(depth: Plane) -> NDArray[np.float64]:
    """The rank of every pixel of a reduced depth; those that are equal but for rounding share the mean of theirs."""
    scale = DEPTH_SIDE / max(depth.shape)
    size = max(1, round(depth.shape[1] * scale)), max(1, round(depth.shape[0] * scale))
    values = np.asarray(cv2.resize(depth, size, interpolation=cv2.INTER_AREA)).ravel()
    values = np.round(values / max(float(np.abs(values).max()), 1e-12), 5)
    _values, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[which], dtype=np.float64)


def _surface_table() -> NDArray[np.uint8]:
    table = np.full(ade20k.CLASSES, 4, dtype=np.uint8)
    for surface, names in enumerate((("wall",), ("floor", "rug"), ("ceiling",), ("windowpane", "door"))):
        for name in names:
            table[ade20k.index(name)] = surface
    return table


_SURFACES: Final = _surface_table()
"""For every ADE20K index: wall, floor, ceiling, opening or (4) anything else."""
