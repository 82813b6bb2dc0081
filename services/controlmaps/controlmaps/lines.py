"""Whether a room's straight lines are where they were.

A restyling changes most edges and keeps the lines of walls, ceiling, openings and large furniture. Segments are found
in both pictures (von Gioi et al., "LSD", PAMI 2010), and the gradients along them are correlated at every shift: in
the same room the correlation is highest where nothing is shifted, in another room it is nowhere high.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from servicekit.imaging.arrays import RGB

LEAST_LENGTH: Final = 0.05
"""Of a segment, as a share of the longer side."""
WIDTH: Final = 5
"""Pixels to which a segment is widened: results are registered to a few pixels."""
HOME: Final = 3
"""Shift in pixels that counts as none."""
AWAY: Final = 40
"""Shift in pixels up to which the correlation is compared with that at home."""
NOISE: Final = 2.5
"""Gradient (of L 0–100 a pixel) that counts as half an edge."""
UNLIKE, ALIKE = 0.08, 0.22
"""Correlation at home of two rooms that have nothing to do with each other, and of a good restyling."""
ELSEWHERE, AT_HOME = 0.8, 1.15
"""Correlation at home over the highest one elsewhere: for a shifted or another room, and for a good restyling."""

Plane = NDArray[np.float32]


def agreement(original: RGB, result: RGB) -> float | None:
    """0–1 for two pictures of one size, about 400 pixels wide; None where the original has no straight lines."""
    before, after = _directions(original), _directions(result)
    if before is None:
        return None
    if after is None:
        return 0.0
    home, away = _correlations(before, after)
    strong = (home - UNLIKE) / (ALIKE - UNLIKE)
    peaked = (home / max(away, 1e-6) - ELSEWHERE) / (AT_HOME - ELSEWHERE)
    return float(np.clip(strong, 0, 1) * np.clip(peaked, 0, 1))


def _directions(picture: RGB) -> Plane | None:
    """2×H×W: strength 0–1 times cosine and sine of the gradient's doubled angle, on segments alone; of unit length.

    The doubled angle makes opposite gradients equal: a wall may turn from lighter to darker than its window.
    """
    lightness = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[..., 0]
    smooth = cv2.GaussianBlur(lightness, (0, 0), 1.2)
    across = np.asarray(cv2.Scharr(smooth, cv2.CV_32F, 1, 0, scale=1 / 32), dtype=np.float32)
    down = np.asarray(cv2.Scharr(smooth, cv2.CV_32F, 0, 1, scale=1 / 32), dtype=np.float32)
    squared = across**2 + down**2
    weight = _on_segments(picture) / (squared + NOISE**2)
    directions = np.stack([(across**2 - down**2) * weight, 2 * across * down * weight])
    length = float(np.sqrt(np.square(directions).sum()))
    return None if length < 1e-3 else np.asarray(directions / length, dtype=np.float32)


def _on_segments(picture: RGB) -> Plane:
    drawn = np.zeros(picture.shape[:2], np.uint8)
    found = cv2.createLineSegmentDetector().detect(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))[0]
    if found is not None:
        for left, top, right, bottom in found.reshape(-1, 4):
            if np.hypot(right - left, bottom - top) >= LEAST_LENGTH * max(drawn.shape):
                cv2.line(drawn, (int(left), int(top)), (int(right), int(bottom)), 1, WIDTH)
    return drawn.astype(np.float32)


def _correlations(before: Plane, after: Plane) -> tuple[float, float]:
    """The highest correlation of two unit fields at home, and the highest one away from it."""
    height, width = before.shape[1:]
    size = (2 * height, 2 * width)  # shifts do not wrap around
    one, other = (np.fft.rfft2(field, s=size) for field in (before, after))
    correlation = np.fft.irfft2((other * np.conj(one)).sum(axis=0), s=size)
    shifts = np.arange(-AWAY, AWAY + 1)
    near = correlation[np.ix_(shifts % size[0], shifts % size[1])]
    middle = slice(AWAY - HOME, AWAY + HOME + 1)
    home = float(near[middle, middle].max())
    around = slice(AWAY - 2 * HOME, AWAY + 2 * HOME + 1)
    near[around, around] = -np.inf
    return home, float(near.max())
