"""Borders that the paint has and the photo has not: what makes a restyled room look broken, measured without labels."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from servicekit.imaging import colour
from servicekit.imaging.arrays import RGB, Floats, Mask, floats

REACH: Final = 4
"""Pixels to each side of a border within which its profile is taken."""
ALONG: Final = (-4, -2, 0, 2, 4)
"""Pixels along a border over which its profile is averaged: grain and texture cancel, an edge stays."""
APART: Final = 2
"""Half the distance, in pixels, of the two colours that a step lies between."""
EDGE: Final = 4.0
"""Step of L*a*b* below which the photo has no edge; looked for within two pixels of the border."""
STEP: Final = 5.0
"""ΔE2000 above which the result has one; looked for within one pixel."""
FRAME: Final = 6
"""Pixels at the picture's own border that count for nothing."""


def invented_edges(photo: RGB, result: RGB, repainted: NDArray[np.uint8]) -> tuple[float, float]:
    """Of the borders between what was repainted differently: the share, 0–1, and the length in long sides of the photo,
    where the photo shows no edge and the result does; zeros where nothing borders on anything.

    `photo` and `result` are H×W×3 sRGB of one size, `repainted` H×W: any values that tell one paint from another.
    """
    bad, border = locate(photo, result, repainted)
    length = int(border.sum())
    return (float(bad.sum()) / length, float(bad.sum()) / max(photo.shape[:2])) if length else (0.0, 0.0)


def locate(photo: RGB, result: RGB, repainted: NDArray[np.uint8]) -> tuple[Mask, Mask]:
    """H×W each: the pixels of invented edges, and of all borders."""
    border, normal = _borders(repainted)
    rows, columns = np.nonzero(border)
    bad = np.zeros_like(border)
    if len(rows):
        across = normal[rows, columns]
        across /= np.linalg.norm(across, axis=1, keepdims=True) + 1e-6
        before, after = (_profiles(picture, columns, rows, across) for picture in (photo, result))
        old = np.max([np.linalg.norm(_step(before, shift), axis=1) for shift in range(-2, 3)], axis=0)
        ends = [(after[:, REACH + shift - APART], after[:, REACH + shift + APART]) for shift in range(-1, 2)]
        new = np.max([colour.delta_e(one, other) for one, other in ends], axis=0)
        bad[rows, columns] = (old < EDGE) & (new > STEP)
    return bad, border


def _borders(repainted: NDArray[np.uint8]) -> tuple[Mask, Floats]:
    """H×W the pixels whose left or upper neighbour is painted otherwise; H×W×2 which way (x, y) the border faces."""
    border = np.zeros(repainted.shape, dtype=bool)
    border[:, 1:] |= repainted[:, 1:] != repainted[:, :-1]
    border[1:] |= repainted[1:] != repainted[:-1]
    border[:FRAME] = border[-FRAME:] = False
    border[:, :FRAME] = border[:, -FRAME:] = False
    normal = np.zeros((*repainted.shape, 2), dtype=np.float32)
    steepest = np.zeros(repainted.shape, dtype=np.float32)
    for value in np.unique(repainted):
        soft = cv2.GaussianBlur(floats(repainted == value), (0, 0), 2.0)
        gradient = np.dstack([cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)])
        steep = floats(np.square(gradient).sum(axis=2))
        more = steep > steepest
        normal[more], steepest[more] = gradient[more], steep[more]
    return border, normal


def _profiles(picture: RGB, columns: NDArray[np.intp], rows: NDArray[np.intp], across: Floats) -> Floats:
    """N×(2·REACH+1)×3 L*a*b* across the border at N pixels, averaged along it."""
    lab = floats(cv2.GaussianBlur(colour.lab(colour.linear(picture)), (0, 0), 0.7))
    steps = np.arange(-REACH, REACH + 1, dtype=np.float32)
    total = np.zeros((len(rows), len(steps), 3), dtype=np.float32)
    for along in ALONG:
        x = (columns + along * -across[:, 1])[:, None] + across[:, :1] * steps
        y = (rows + along * across[:, 0])[:, None] + across[:, 1:] * steps
        total += _sampled(lab, floats(x), floats(y))
    return floats(total / len(ALONG))


def _sampled(lab: NDArray[np.float32], x: Floats, y: Floats) -> Floats:
    """N×K×3; in blocks, since OpenCV's maps end at 32,767 rows."""
    blocks = range(0, len(x), 30_000)
    return np.concatenate(
        [
            cv2.remap(lab, x[at : at + 30_000], y[at : at + 30_000], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for at in blocks
        ]
    )


def _step(profile: Floats, shift: int) -> Floats:
    return floats(profile[:, REACH + shift + APART] - profile[:, REACH + shift - APART])
