"""A photo in small cells that end where its edges are, and how firmly any two of them belong together."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.lite.morphology import Bits
from diffusion.lite.parameters import CELLS, REGIONS
from servicekit.imaging import colour
from servicekit.imaging.arrays import Floats, floats


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The cells of a picture and the graph of their neighbours."""

    numbers: NDArray[np.int32]
    """H×W, 0…N−1."""
    area: Floats
    """N, pixels."""
    colour: Floats
    """N×3 mean L*a*b*, L* times CELLS.lightness."""
    pairs: NDArray[np.intp]
    """E×2 cells that touch."""
    length: Floats
    """E, pixels of their common border."""
    soft: Floats
    """E, 0–1: near 1 where the photo shows no step between both, 0 on an edge."""

    @property
    def side(self) -> int:
        """Long side, pixels."""
        return int(max(self.numbers.shape))

    @property
    def unit(self) -> float:
        """Pixels of a photo that a pixel of a small network's map stands for."""
        return REGIONS.unit * self.side


def find(photo: Bits, split: Bits) -> Cells:
    """The cells of a photo (H×W×3 sRGB), none of which holds both values, 0 and 1, of a mask (H×W).

    One marker a square, on its calmest pixel, is flooded until it meets its neighbours (waterpixels: Machairas et al.,
    "Waterpixels", IEEE TIP 2015). A cell that crosses the mask's border is split there: where the photo shows no edge,
    a border may then stay where the map has it.
    """
    calm = _calm(photo)
    lab = colour.lab(colour.linear(calm))
    strength, least = _edges(lab)
    keys = 2 * _flooded(calm, _markers(strength)) + split
    present = np.bincount(keys.ravel()) > 0
    numbers = np.asarray((np.cumsum(present) - 1)[keys], dtype=np.int32)
    area = np.bincount(numbers.ravel())
    means = [np.bincount(numbers.ravel(), weights=plane.ravel()) / area for plane in cv2.split(lab)]
    means[0] *= CELLS.lightness
    tone = floats(np.stack(means, axis=1))
    pairs, length, edge = _neighbours(numbers, strength)
    one, other = (tone[side] for side in pairs.T)
    soft = np.exp(-((edge / least) ** 2 + np.square(one - other).sum(axis=1) / CELLS.colour**2) / 2)
    return Cells(
        numbers=numbers,
        area=floats(area),
        colour=tone,
        pairs=pairs,
        length=length,
        soft=floats(soft),
    )


def edge_strength(photo: Bits) -> tuple[Floats, float]:
    """H×W, change of L*a*b* a pixel in a photo (H×W×3 sRGB), and from where on that is an edge in this one."""
    return _edges(colour.lab(colour.linear(_calm(photo))))


def _calm(photo: Bits) -> Bits:
    """Without grain."""
    return np.asarray(cv2.bilateralFilter(photo, 5, CELLS.grain, 3), dtype=np.uint8)


def _edges(lab: Floats) -> tuple[Floats, float]:
    """As edge_strength, of H×W×3 L*a*b*."""
    smooth = cv2.GaussianBlur(lab, (0, 0), 1.0)
    squared = np.zeros(lab.shape[:2], dtype=np.float32)
    for axis in ((1, 0), (0, 1)):
        for plane in cv2.split(cv2.Sobel(smooth, cv2.CV_32F, *axis, scale=1 / 8)):
            squared += floats(cv2.multiply(plane, plane))
    strength = floats(cv2.sqrt(squared))
    return strength, CELLS.edge * float(np.clip(CELLS.noise * np.median(strength), *CELLS.noise_range))


def _markers(strength: Floats) -> NDArray[np.int32]:
    """H×W, a number on the calmest pixel of each square and its neighbours, 0 elsewhere."""
    height, width = strength.shape
    side = max(CELLS.least_side, round(max(height, width) * CELLS.side))
    down, over = max(1, height // side), max(1, width // side)
    side = min(side, height, width)
    squares = strength[: down * side, : over * side].reshape(down, side, over, side).swapaxes(1, 2)
    row, column = np.divmod(squares.reshape(down, over, -1).argmin(axis=2), side)
    markers = np.zeros(strength.shape, dtype=np.float32)
    places = (np.arange(down)[:, None] * side + row, np.arange(over)[None] * side + column)
    markers[places] = np.arange(1, down * over + 1).reshape(down, over)
    return np.asarray(cv2.dilate(markers, np.ones((3, 3), dtype=np.uint8)), dtype=np.int32)


def _flooded(calm: Bits, markers: NDArray[np.int32]) -> NDArray[np.int32]:
    """H×W, numbers from 0 on."""
    flooded = floats(np.maximum(cv2.watershed(calm, markers), 0))
    # the lines between cells, and the picture's own border, go to a neighbour
    around = cv2.dilate(flooded, np.ones((3, 3), dtype=np.uint8))
    return np.asarray(np.maximum(np.where(flooded > 0, flooded, around), 1) - 1, dtype=np.int32)


def _neighbours(numbers: NDArray[np.int32], strength: Floats) -> tuple[NDArray[np.intp], Floats, Floats]:
    """E×2 cells that touch, the E lengths of their borders, and the mean edge strength along them."""
    count = int(numbers.max()) + 1
    near = cv2.dilate(strength, np.ones((3, 3), dtype=np.uint8))
    keys, edges = [], []
    for here, there in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        apart = numbers[here] != numbers[there]
        one, other = numbers[here][apart].astype(np.intp), numbers[there][apart].astype(np.intp)
        keys.append(np.minimum(one, other) * count + np.maximum(one, other))
        edges.append(np.maximum(near[here][apart], near[there][apart]))
    unique, place, length = np.unique(np.concatenate(keys), return_inverse=True, return_counts=True)
    edge = np.bincount(place, weights=np.concatenate(edges), minlength=len(unique)) / np.maximum(length, 1)
    return np.stack(np.divmod(unique, count), axis=1), floats(length), floats(edge)
