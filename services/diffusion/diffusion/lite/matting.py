"""From rough labels to ones that follow the photo's edges, and from those to borders that end within a few pixels."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.lite.arrays import Bits, Floats, floats
from diffusion.lite.sizes import reduced

SIDE: Final = 224
"""Long side, in pixels, at which the filter is fitted ("Fast Guided Filter", He and Sun, 2015)."""
RADIUS: Final = 8
"""Pixels at that size."""
EPSILON: Final = 2e-4
"""Variance of the guide, 0–1, that is too little to be an edge."""
LEAST_VOTE: Final = 0.15
"""What a pixel without any confidence still says for its label."""
CLEAR: Final = 0.7
"""A label that leads by this much needs no second look at full size."""


def follow_edges(labels: Bits, confidence: Floats, photo: Bits) -> Bits:
    """H×W labels, moved to the photo's edges; where a label is unsure, surer neighbours of like colour take over.

    Each label's confidence is filtered with the photo in colour as the guide (He, Sun and Tang, "Guided Image
    Filtering", ECCV 2010), and the strongest wins. Only where it is close is that decided at full size.
    """
    small = reduced(labels, SIDE, nearest=True)
    present = np.unique(small)
    if len(present) < 2:
        return labels
    guide = reduced(photo, SIDE).astype(np.float32) / 255.0
    votes = floats(LEAST_VOTE + (1.0 - LEAST_VOTE) * reduced(confidence, SIDE) ** 2)
    fitted = _GuidedFilter(guide)
    lines = [fitted.line(np.where(small == label, votes, np.float32(0.0))) for label in present]
    scores = np.stack([np.einsum("hwi,hwi->hw", line[..., :3], guide) + line[..., 3] for line in lines])
    ranked = np.sort(scores, axis=0)
    size = labels.shape[::-1]
    clear = cv2.resize(present[scores.argmax(axis=0)], size, interpolation=cv2.INTER_NEAREST).reshape(-1)
    close = cv2.resize(ranked[-1] - ranked[-2], size, interpolation=cv2.INTER_LINEAR).reshape(-1) < CLEAR
    index = np.flatnonzero(close)
    if len(index):
        pixels = photo.reshape(-1, 3)[index].astype(np.float32) / 255.0
        places = _places(index, labels.shape, small.shape)
        fine = np.stack([_at(line, places, pixels) for line in lines])
        clear[index] = present[fine.argmax(axis=0)]
    return np.asarray(clear, dtype=np.uint8).reshape(labels.shape)


def feather(mask: Bits, width: float) -> Floats:
    """H×W 0/1 to a share of 0–1 that falls over about `width` pixels on either side of the border."""
    size = 2 * max(1, round(width)) + 1
    return floats(cv2.GaussianBlur(mask.astype(np.float32), (size, size), width / 2))


class _GuidedFilter:
    """A guide of three channels, prepared for many pictures."""

    def __init__(self, guide: Floats) -> None:
        self._guide = guide
        self._mean = _box(guide)
        pairs = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
        rr, rg, rb, gg, gb, bb = (
            _box(guide[..., i] * guide[..., j]) - self._mean[..., i] * self._mean[..., j] + (EPSILON if i == j else 0.0)
            for i, j in pairs
        )
        cofactors = [gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg]
        cofactors += [rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg]
        determinant = rr * cofactors[0] + rg * cofactors[1] + rb * cofactors[2]
        self._inverse = [cofactor / determinant for cofactor in cofactors]

    def line(self, plane: Floats) -> Floats:
        """H×W×4: slopes over the guide's channels, and the offset, that give the plane as the guide has it."""
        mean = _box(plane)
        r, g, b = np.moveaxis(_box(self._guide * plane[..., None]) - self._mean * mean[..., None], 2, 0)
        rr, rg, rb, gg, gb, bb = self._inverse
        slopes = np.dstack([rr * r + rg * g + rb * b, rg * r + gg * g + gb * b, rb * r + gb * g + bb * b])
        offset = mean - np.einsum("hwi,hwi->hw", slopes, self._mean)
        return _box(np.dstack([slopes, offset]).astype(np.float32))


def _box(values: Floats) -> Floats:
    return floats(cv2.blur(values, (2 * RADIUS + 1, 2 * RADIUS + 1)))


def _places(index: NDArray[np.intp], shape: tuple[int, ...], small: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Where pixels of the full picture lie in the small one: columns and rows, as OpenCV resizes."""
    rows, columns = np.divmod(index, shape[1])
    x = (columns + 0.5) * (small[1] / shape[1]) - 0.5
    y = (rows + 0.5) * (small[0] / shape[0]) - 0.5
    return floats(x), floats(y)


def _at(line: Floats, places: tuple[Floats, Floats], pixels: Floats) -> Floats:
    """N scores: the lines at places, on the pixels there."""
    width = 1024  # a picture of points, since OpenCV's maps may not be longer than 32,767
    count = len(pixels)
    padded = -count % width
    x, y = (np.pad(axis, (0, padded)).reshape(-1, width) for axis in places)
    there = np.asarray(cv2.remap(line, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)).reshape(-1, 4)[:count]
    return floats(np.einsum("ni,ni->n", there[:, :3], pixels) + there[:, 3])
