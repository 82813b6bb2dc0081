"""A flash beside the lens: near things bright, far ones dark, and no shadow that the lens would see."""

from dataclasses import replace
from typing import Final

import numpy as np

from research.roomnet.renderer.trace import Buffers, Floats
from research.roomnet.scene.camera import Camera

SHARE: Final = 0.16
"""Of all pictures."""

_GLASS: Final = 0.95
"""Panes, mirrors and metal have an albedo of 1; they throw a flash elsewhere."""

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


def fired(buffers: Buffers, camera: Camera, rng: np.random.Generator) -> Buffers:
    """Adds its light to that of the room, 0.5 to 8 times as strong at two metres: a point source at the eye."""
    rays, along = _rays(camera)
    distance = np.maximum(buffers.depth * along, 0.3)
    facing = np.clip(-(buffers.normal * rays).sum(axis=2), 0, 1)
    level = float(np.median(buffers.shading @ _LUMINANCE)) * float(np.exp(rng.uniform(np.log(0.5), np.log(8.0))))
    tint = np.array([1.0, 0.97, 0.93], np.float32)
    added = ((level * 4.0) * facing / distance**2)[..., None] * tint
    dull = buffers.albedo.min(axis=2) < _GLASS
    added = np.where((dull & (buffers.depth > 0))[..., None], added, 0).astype(np.float32)
    return replace(buffers, shading=buffers.shading + added, light=buffers.light + buffers.albedo * added)


def _rays(camera: Camera) -> tuple[Floats, Floats]:
    """Unit vectors into the room for every pixel, and metres along them for a metre along the axis."""
    view = camera.packed()[0]
    x = (2 * (np.arange(camera.width, dtype=np.float32) + 0.5) / camera.width - 1)[None, :, None]
    y = (1 - 2 * (np.arange(camera.height, dtype=np.float32) + 0.5) / camera.height)[:, None, None]
    rays = view["forward"] + x * view["right"] + y * view["up"]
    length = np.linalg.norm(rays, axis=2)
    return rays / length[..., None], length
