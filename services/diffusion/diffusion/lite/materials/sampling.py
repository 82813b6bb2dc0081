"""Textures seen from afar: mip mapping (Williams, "Pyramidal Parametrics", SIGGRAPH 1983)."""

from typing import Final

import cv2
import numpy as np

from diffusion.lite.materials.texture import PIXELS_PER_METRE, Texture
from diffusion.lite.sizes import ROW
from servicekit.imaging.arrays import Floats, floats

COARSEST: Final = 6
"""Number of times that a texture is halved for what is far away."""


def albedo_at(texture: Texture, over: Floats, along: Floats, grain: Floats) -> Floats:
    """N×3 albedo at N points of a surface.

    Points are given in metres over and along it, `grain` is the metres of it that a pixel covers. Each point is taken
    from the two copies of the texture nearest to that grain.
    """
    sine, cosine = np.float32(np.sin(texture.turn)), np.float32(np.cos(texture.turn))
    x, y = over * cosine - along * sine, over * sine + along * cosine
    height, width = texture.albedo.shape[:2]
    x, y = x * np.float32(PIXELS_PER_METRE / width) % 1.0, y * np.float32(PIXELS_PER_METRE / height) % 1.0
    level = np.clip(np.log2(np.maximum(grain, 1e-6) * PIXELS_PER_METRE), 0.0, COARSEST)
    albedo = np.zeros((len(x), 3), dtype=np.float32)
    copy = texture.albedo
    for number in range(COARSEST + 1):
        share = np.clip(1.0 - np.abs(level - number), 0.0, 1.0)
        used = np.flatnonzero(share)
        if len(used):
            albedo[used] += share[used, None] * _sampled(copy, x[used], y[used])
        copy = _halved(copy)
    return albedo


def _sampled(copy: Floats, x: Floats, y: Floats) -> Floats:
    """The periodic picture at N places given in periods, 0–1."""
    height, width = copy.shape[:2]
    padding = -len(x) % ROW
    columns, rows = (
        np.pad(place * np.float32(size) - np.float32(0.5), (0, padding)).reshape(-1, ROW)
        for place, size in ((x, width), (y, height))
    )
    points = cv2.remap(copy, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return floats(points).reshape(-1, 3)[: len(x)]


def _halved(copy: Floats) -> Floats:
    size = (max(1, copy.shape[1] // 2), max(1, copy.shape[0] // 2))
    return floats(cv2.resize(copy, size, interpolation=cv2.INTER_AREA))
