"""Superpixels: small regions of one colour that end at edges.

A watershed flooded from a regular grid of seeds, each moved to the flattest pixel near it (the seeding of SLIC,
Achanta et al., PAMI 2012, with the flooding of Meyer, 1992): as good at edges as SLIC here, and much faster.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from roomnet.picture import Picture

SPACING: Final = 9
"""Pixels between seeds."""


@dataclass(frozen=True, kw_only=True)
class Superpixels:
    """A partition of a picture into n regions."""

    index: NDArray[np.int32]
    """H×W, 0 to n - 1."""

    area: NDArray[np.float32]
    """n, in pixels."""

    def mean(self, plane: NDArray[np.float32]) -> NDArray[np.float32]:
        """The mean of a plane (H×W) in every region: n."""
        totals = np.bincount(self.index.ravel(), weights=plane.ravel(), minlength=len(self.area))
        return (totals / self.area).astype(np.float32)


def partition(picture: Picture) -> Superpixels:
    """Cuts a picture into superpixels."""
    height, width = picture.shape
    markers = np.zeros((height, width), dtype=np.int32)
    count = 0
    for top in range(0, height, SPACING):
        for left in range(0, width, SPACING):
            cell = picture.gradient[top : top + SPACING, left : left + SPACING]
            row, column = divmod(int(np.argmin(cell)), cell.shape[1])
            count += 1
            markers[top + row, left + column] = count
    smooth = cv2.bilateralFilter(np.ascontiguousarray(picture.rgb), 5, 20, 3)
    # the flood leaves the outermost pixels dry: let them lie outside
    markers = cv2.copyMakeBorder(markers, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0).astype(np.int32)
    cv2.watershed(cv2.copyMakeBorder(smooth, 1, 1, 1, 1, cv2.BORDER_REPLICATE), markers)
    markers = markers[1:-1, 1:-1]
    # ridges between regions are marked -1: give each such pixel to a neighbour
    while (markers < 1).any():
        grown = cv2.dilate(markers.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32)
        markers = np.where(markers < 1, grown, markers)
    _, inverse = np.unique(markers, return_inverse=True)
    index = inverse.reshape(height, width).astype(np.int32)
    return Superpixels(index=index, area=np.bincount(inverse.ravel()).astype(np.float32))
