"""What position, colour and texture say about the surface of each superpixel, before its neighbours are asked.

Each cue adds to a score, a log-probability up to a constant. The weights are set by hand from how rooms are
photographed: ceilings are bright, plain and above; floors are below; windows are the brightest or bluest thing between.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from roomnet.horizon import Horizon
from roomnet.picture import Picture
from roomnet.superpixels import Superpixels
from roomnet.vocabulary import Surface

Scores: TypeAlias = NDArray[np.float32]
"""n×5: one column a Surface."""


def scores(picture: Picture, pixels: Superpixels, horizon: Horizon) -> Scores:
    """The score of every surface for every superpixel."""
    height, width = picture.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    y = pixels.mean((rows + 0.5) / height)
    x = pixels.mean((columns + 0.5) / width)
    lightness, red_green, yellow_blue = (pixels.mean(np.ascontiguousarray(picture.lab[..., i])) for i in range(3))
    texture = pixels.mean(picture.texture)
    chroma = np.hypot(red_green, yellow_blue)
    side = np.abs(2 * x - 1)
    median = float(np.median(picture.lab[..., 0]))
    bright = (lightness - median) / 25
    busy = np.clip(texture / 2.0, 0, 3)
    # the eye's level stands where it stands in most photos: heights are told from there
    level = y - np.float32(np.clip(horizon.row, 0.3, 0.6) - 0.45)

    table = np.zeros((len(y), len(Surface)), dtype=np.float32)
    table[:, Surface.WALL] = 1.0 - 2.2 * _over(level, 0.68, 0.12) - 0.7 * busy - 0.015 * chroma
    table[:, Surface.FLOOR] = -3.0 + 4.2 * _over(level, 0.74, 0.08) - 0.5 * busy - 0.3 * side
    table[:, Surface.CEILING] = (
        -3.0 + 5.0 * _over(-level, -0.14, 0.06) + 0.8 * np.clip(bright, -2, 1) - 0.6 * busy - 0.05 * chroma
    )
    outdoors = np.clip(bright - 0.9, 0, 1.5) + 0.06 * np.clip(-yellow_blue - 6, 0, 20)
    table[:, Surface.OPENING] = -2.4 + 2.2 * outdoors - 6.0 * ((level - 0.38) / 0.35) ** 2
    table[:, Surface.OBJECT] = (
        -0.6 + 1.4 * _over(level, 0.45, 0.12) + 0.7 * busy + 0.02 * chroma - 0.35 * np.clip(bright, -2, 1)
    )
    return table


def _over(value: NDArray[np.float32], threshold: float, softness: float) -> NDArray[np.float32]:
    """0 well below the threshold, 1 well above."""
    return np.asarray(1 / (1 + np.exp(-(value - threshold) / softness)), dtype=np.float32)
