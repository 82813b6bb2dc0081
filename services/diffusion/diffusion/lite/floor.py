"""The floor, laid anew: a texture through the floor's homography, under the light of the old one."""

from math import cos, sin
from typing import Final

import cv2
import numpy as np

from diffusion.lite import colour, light
from diffusion.lite.arrays import Bits, Floats, floats
from diffusion.lite.camera import Camera
from diffusion.lite.canvas import Canvas
from diffusion.lite.materials import catalogue
from diffusion.lite.materials.texture import PIXELS_PER_METRE, Texture
from diffusion.lite.regions import Region
from diffusion.lite.sizes import enlarged, reduced
from diffusion.lite.smoothing import smooth
from diffusion.lite.surface import sure

OLD_PATTERN: Final = 0.035
"""Variance of log luminance up to which detail is taken for the old floor's pattern and smoothed away; contact
shadows, reflections and patches of sun vary by more."""
REACH: Final = 0.02
"""Radius of that smoothing in long sides."""
SHADE_SIDE: Final = 512
"""Long side, in pixels, at which shading is smoothed."""
TINT: Final = 0.2
"""As light.TINT, but less: the old floor's colour is all over its own reflections."""
SUBROWS: Final = 2
"""Samples of the texture down a pixel: it is seen at a slant."""
MARGIN: Final = 4
"""Rows beyond the floor that a soft border may reach into."""
COARSEST: Final = 6
"""Number of times that a texture is halved for what is far away."""


def lay_floor(canvas: Canvas) -> None:
    """Lays the chosen floor under the photo's light."""
    mask = sure(canvas, Region.FLOOR)
    if mask is None:
        return
    finish = canvas.choice.floor
    patch = canvas.patch(mask)
    base = light.reference(canvas.light(patch.core))
    shade = floor_shading(canvas.scene.light, mask, base).reshape(-1, 3)[patch.index]
    texture = catalogue.texture(finish, canvas.choice.seed)
    albedo = colour.from_hex(finish.color)
    if texture is not None:
        albedo = laid(texture, canvas.scene.camera, mask).reshape(-1, 3)[patch.index]
    canvas.lay(patch, light.lit(albedo, shade))
    canvas.note(Region.FLOOR, mask, finish.name)


def floor_shading(photo: Floats, mask: Bits, base: Floats) -> Floats:
    """H×W×3 shading of the floor against its reference, without the pattern of what lies there now."""
    small = reduced(photo, SHADE_SIDE)
    weight = reduced(mask.astype(np.float32), SHADE_SIDE)
    logarithm = np.log(np.maximum(colour.luminance(small), light.DARKEST))
    radius = max(2, round(REACH * max(small.shape)))
    shade = np.exp(smooth(logarithm, weight, radius, OLD_PATTERN)) / float(colour.LUMINANCE @ base)
    window = (4 * radius + 1, 4 * radius + 1)
    around = cv2.blur(small * weight[..., None], window) / (cv2.blur(weight, window)[..., None] + 1e-3) / base
    tint = around / np.maximum(colour.luminance(around.astype(np.float32)), 1e-3)[..., None]
    coloured = shade[..., None] * np.clip(tint, 0.5, 2.0) ** TINT
    return enlarged(coloured.astype(np.float32), photo.shape)


def laid(texture: Texture, camera: Camera, mask: Bits) -> Floats:
    """H×W×3 albedo of the floor as the camera sees it; outside of the mask's rows it is 0.

    Each row is sampled from the copy of the texture that fits its distance, and between two copies blended
    (mip mapping: Williams, "Pyramidal Parametrics", SIGGRAPH 1983).
    """
    height, width = mask.shape
    rows = np.flatnonzero(mask.any(axis=1))
    top, bottom = max(0, int(rows[0]) - MARGIN), min(height, int(rows[-1]) + 1 + MARGIN)
    fine = floats((np.arange((bottom - top) * SUBROWS) + 0.5) / SUBROWS + top)
    over, along = camera.floor(floats(np.arange(width)[None] + 0.5), fine[:, None])
    sine, cosine = sin(texture.turn), cos(texture.turn)
    periods = PIXELS_PER_METRE / texture.albedo.shape[1], PIXELS_PER_METRE / texture.albedo.shape[0]
    x, y = (over * cosine - along * sine) * periods[0], (over * sine + along * cosine) * periods[1]
    sideways, away = camera.floor_scale(fine)
    level = np.log2(np.maximum(sideways, away / (2 * SUBROWS)) * PIXELS_PER_METRE)
    level = np.clip(level, 0.0, COARSEST)
    sampled = np.zeros((len(fine), width, 3), dtype=np.float32)
    copy = texture.albedo
    for number in range(COARSEST + 1):
        share = np.clip(1.0 - np.abs(level - number), 0.0, 1.0)
        used = np.flatnonzero(share)
        if len(used):
            part = slice(int(used[0]), int(used[-1]) + 1)
            sampled[part] += share[part, None, None] * _sampled(copy, x[part], y[part])
        copy = _halved(copy)
    albedo = np.zeros((height, width, 3), dtype=np.float32)
    albedo[top:bottom] = cv2.resize(sampled, (width, bottom - top), interpolation=cv2.INTER_AREA)
    return albedo


def _sampled(copy: Floats, x: Floats, y: Floats) -> Floats:
    """The periodic picture at places given in periods of it."""
    height, width = copy.shape[:2]
    columns, rows = (x % 1.0) * width - 0.5, (y % 1.0) * height - 0.5
    return floats(cv2.remap(copy, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP))


def _halved(copy: Floats) -> Floats:
    size = (max(1, copy.shape[1] // 2), max(1, copy.shape[0] // 2))
    return floats(cv2.resize(copy, size, interpolation=cv2.INTER_AREA))
