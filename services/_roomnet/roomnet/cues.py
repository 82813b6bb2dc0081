"""What place, colour, texture and reach say about the surface of each superpixel, before its neighbours are asked.

Each cue adds to a score, a log-probability up to a constant. The weights are set by hand from how rooms are
photographed: a ceiling is bright, plain and all above the eye's level, a floor all below it and open towards the
camera; a wall is plain and crosses it; a window is the brightest or bluest thing within a wall.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from roomnet.horizon import Horizon
from roomnet.picture import Picture
from roomnet.regions import Regions
from roomnet.superpixels import Superpixels
from roomnet.vocabulary import Surface

Scores: TypeAlias = NDArray[np.float32]
"""n×5: one column a Surface."""


def scores(picture: Picture, pixels: Superpixels, reach: Sequence[Regions], horizon: Horizon) -> Scores:
    """The score of every surface for every superpixel."""
    height, width = picture.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    y = pixels.mean((rows + 0.5) / height)
    side = np.abs(2 * pixels.mean((columns + 0.5) / width) - 1)
    lightness, red_green, yellow_blue = (pixels.mean(np.ascontiguousarray(picture.lab[..., i])) for i in range(3))
    chroma = np.hypot(red_green, yellow_blue)
    median = float(np.median(picture.lab[..., 0]))
    bright = np.clip((lightness - median) / 25, -2, 1.5).astype(np.float32)
    busy = np.clip(pixels.mean(picture.texture) / 2.0, 0, 3)
    eye = np.float32(np.clip(horizon.row, 0.3, 0.6))
    level = y - eye

    # a region that covers half of the picture has leaked from one surface into the next
    trust = np.stack([1.02 - _over(one.area, 0.45, 0.04) for one in reach])
    hints = (np.stack([_hints(one, eye, bright) for one in reach]) * trust[:, None]).sum(axis=0) / trust.sum(axis=0)
    crosses, below, open_floor, hung_ceiling, pane = hints
    # much floor in view means a wide view, which shows the ceiling as well
    view = np.clip(float((open_floor * pixels.area).sum()) / (0.12 * height * width), 0, 1)

    table = np.zeros((len(y), len(Surface)), dtype=np.float32)
    table[:, Surface.WALL] = (
        0.9 + 1.2 * crosses - 2.2 * _over(level, 0.22, 0.1) - 0.6 * busy - 0.015 * chroma + 0.3 * bright - 2.0 * below
    )
    white = np.clip(bright - 0.2, 0, 1) * np.clip(1 - chroma / 20, 0, 1)  # rather a bed or a bath than a floor
    table[:, Surface.FLOOR] = (
        -1.9
        + 2.4 * _over(level, 0.25, 0.08)
        + 4.5 * open_floor
        - 0.4 * busy
        - 0.3 * side
        - 2.5 * crosses
        + 0.6 * np.clip(bright + 0.8, -1, 0)
        - 2.5 * white
    )
    table[:, Surface.CEILING] = (
        -2.8
        + (3.0 + 1.2 * view) * _over(-level, 0.30, 0.04)
        + 3.2 * hung_ceiling
        + 0.8 * bright
        - 0.6 * busy
        - 0.04 * chroma
        - 1.8 * crosses
    )
    leaves = np.clip(-red_green - 4, 0, 12) / 12 + np.clip(-yellow_blue - 6, 0, 20) / 20
    outdoors = np.clip(bright - 0.6, 0, 0.9) + 0.8 * leaves
    table[:, Surface.OPENING] = -2.8 + 4.0 * outdoors - 6.0 * ((level + 0.08) / 0.35) ** 2 + 0.4 * busy + 1.6 * pane
    table[:, Surface.OBJECT] = -0.5 + 1.4 * _over(level, 0.0, 0.12) + 1.6 * (busy - 0.5) - 0.5 * bright - 0.8 * crosses
    return table


def _hints(reach: Regions, eye: np.float32, bright: NDArray[np.float32]) -> NDArray[np.float32]:
    """5×n, 0–1 each: the region crosses the eye's level, lies below it, is a floor open to the camera, a ceiling, a
    window pane."""
    width, height = reach.right - reach.left, reach.bottom - reach.top
    large = np.clip(reach.area / 0.05, 0, 1)
    wide = _over(width, 0.38, 0.05)
    above = large * _over(eye - reach.bottom, -0.02, 0.03)
    below = large * _over(reach.top - eye, -0.02, 0.03)
    crosses = large * (1 - _over(reach.top - eye, -0.12, 0.03)) * (1 - _over(eye - reach.bottom, -0.12, 0.03))
    filled = (reach.area / np.maximum(width * height, 1e-4)).astype(np.float32)
    pane = (
        _over(filled, 0.55, 0.05)
        * (1 - _over(reach.area, 0.12, 0.02))
        * (1 - _over(reach.bottom - eye, 0.25, 0.03))
        * _over(reach.top, 0.04, 0.01)
        * np.clip(2 * bright, 0, 1)
    )
    open_floor = below * wide * _over(reach.bottom, 0.94, 0.01)
    ceiling = above * wide * _over(-reach.top, -0.06, 0.01)
    return np.stack([crosses, below, open_floor, ceiling, pane])


def _over(value: NDArray[np.float32], threshold: float, softness: float) -> NDArray[np.float32]:
    """0 well below the threshold, 1 well above."""
    return np.asarray(0.5 + 0.5 * np.tanh((value - threshold) / (2 * softness)), dtype=np.float32)
