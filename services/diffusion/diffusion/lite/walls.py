"""Walls and ceiling: new paint or cladding under the old light."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.lite import box, light
from diffusion.lite.canvas import Canvas
from diffusion.lite.labels import Label
from diffusion.lite.materials import catalogue
from diffusion.lite.materials.sampling import albedo_at
from diffusion.lite.materials.texture import Texture
from diffusion.lite.morphology import Bits, bits, grown, opened
from diffusion.lite.parameters import LIGHT, WALLS
from diffusion.lite.relief import smooth_shading
from diffusion.lite.sizes import enlarged, sampled
from diffusion.styles import Finish, Pattern
from servicekit.imaging import colour
from servicekit.imaging.arrays import Floats, floats

LAID: Final = frozenset({Pattern.BRICK, Pattern.TILES, Pattern.PANELS, Pattern.WAINSCOT})
"""Patterns whose lines must run with the room's: without a box they are not drawn."""


def paint_ceiling(canvas: Canvas) -> None:
    """Paints the ceiling plain."""
    mask = canvas.to_paint(Label.CEILING)
    if mask is not None:
        _paint(canvas, Label.CEILING, mask, canvas.choice.ceiling, None)


def paint_walls(canvas: Canvas) -> None:
    """Paints or clads the walls; plain where the cladding chosen cannot be drawn in perspective."""
    mask = canvas.to_paint(Label.WALL)
    if mask is None:
        return
    finish = canvas.choice.wall
    room = box.find(canvas.scene.rough, canvas.scene.camera) if finish.pattern is not Pattern.PLAIN else None
    if finish.pattern in LAID and (room is None or _confidence(canvas, mask) < WALLS.least_confidence):
        finish = canvas.choice.paint
    if finish.pattern not in LAID:
        texture = catalogue.texture(finish, canvas.choice.seed)
        _paint(canvas, Label.WALL, mask, finish, None if texture is None else (texture, room))
    elif room is not None:
        clad = _walls_to_clad(canvas, mask, room)
        plain = np.asarray(mask & ~clad, dtype=np.uint8)
        if plain.any():
            _paint(canvas, Label.WALL, plain, canvas.choice.paint, None)
        if clad.any():
            _clad(canvas, clad, finish, room)


def _paint(
    canvas: Canvas, region: Label, mask: Bits, finish: Finish, drawn: tuple[Texture, box.Box | None] | None
) -> None:
    patch = canvas.patch(mask)
    base = patch.typical(share=WALLS.bright_share)
    albedo = colour.from_hex(finish.color)
    if drawn is not None:
        albedo = _on_walls(canvas, *drawn, patch.index)
    canvas.lay(patch, light.lit(albedo * dimmed(base), canvas.shade(patch, mask, base)))
    canvas.record(region, mask, finish.name)


def _clad(canvas: Canvas, mask: Bits, finish: Finish, room: box.Box) -> None:
    """Covers the walls but leaves what is mounted on them."""
    base = canvas.patch(mask).typical(share=WALLS.bright_share)
    shade = smooth_shading(canvas.scene.light, mask, base)
    bright = colour.luminance(canvas.scene.light)
    expected = enlarged(colour.luminance(shade), mask.shape) * float(colour.LUMINANCE @ base)
    step = np.abs(np.log((bright + LIGHT.darkest) / (expected + LIGHT.darkest)))
    fitting = opened(bits(step > WALLS.fitting), 1) & mask
    free = mask & ~grown(fitting, 1)
    if not free.any():
        return
    patch = canvas.patch(free)
    texture = catalogue.texture(finish, canvas.choice.seed)
    if texture is None:
        albedo = _wainscot(canvas, finish, room, patch.index)
    else:
        albedo = _on_walls(canvas, texture, room, patch.index)
    canvas.lay(patch, light.lit(albedo * dimmed(base), sampled(shade, patch.index, mask.shape)))
    canvas.record(Label.WALL, free, finish.name)


def _walls_to_clad(canvas: Canvas, mask: Bits, room: box.Box) -> Bits:
    """The part of the mask on walls that stand for certain; of a feature, on the one that shows most."""
    index = np.flatnonzero(mask)
    rows, columns = np.divmod(index, mask.shape[1])
    wall = room.seen(canvas.scene.camera, floats(columns + 0.5), floats(rows + 0.5)).wall
    certain = np.array(room.witnessed) >= WALLS.least_witnessed
    if canvas.choice.wall.feature:
        certain &= np.arange(len(certain)) == np.bincount(wall, minlength=len(certain)).argmax()
    chosen = np.zeros(mask.size, dtype=np.uint8)
    chosen[index] = certain[wall]
    return chosen.reshape(mask.shape)


def _on_walls(canvas: Canvas, texture: Texture, room: box.Box | None, index: NDArray[np.intp]) -> Floats:
    """N×3 albedo of the walls as the camera sees them at N positions in the flattened picture."""
    rows, columns = np.divmod(index, canvas.scene.light.shape[1])
    camera = canvas.scene.camera
    if room is not None:
        samples = []
        for offset in WALLS.subsamples:
            seen = room.seen(camera, floats(columns + offset), floats(rows + 0.5))
            grain = seen.grain * np.maximum(1.0, seen.slant / len(WALLS.subsamples))
            samples.append(albedo_at(texture, seen.over, seen.down, floats(grain)))
        return floats(np.mean(samples, axis=0))
    metres = WALLS.plain_distance / camera.focal
    grain = np.full(len(rows), metres, dtype=np.float32)
    return albedo_at(texture, floats(columns * metres), floats(rows * metres), grain)


def _wainscot(canvas: Canvas, finish: Finish, room: box.Box, index: NDArray[np.intp]) -> Floats:
    """N×3 albedo: the finish's second colour up to its size in metres, a rail in the trim's, the wall's above."""
    rows, columns = np.divmod(index, canvas.scene.light.shape[1])
    camera = canvas.scene.camera
    seen = room.seen(camera, floats(columns + 0.5), floats(rows + 0.5))
    above = (camera.height - seen.down - finish.size)[:, None]
    grain = np.maximum(seen.grain, 1e-4)[:, None]
    colors = (finish.second or canvas.choice.trim.color, canvas.choice.trim.color, finish.color)
    below, rail, upper = (colour.from_hex(one) for one in colors)
    albedo = below + np.clip(above / grain + 0.5, 0.0, 1.0) * (rail - below)
    return floats(albedo + np.clip((above - WALLS.rail) / grain + 0.5, 0.0, 1.0) * (upper - albedo))


def _confidence(canvas: Canvas, mask: Bits) -> float:
    return cv2.mean(canvas.scene.layout.confidence, mask)[0]


def dimmed(base: Floats) -> float:
    """How much of its nominal albedo paint shows in a photo where the surface has that colour now."""
    return float(np.clip(float(colour.LUMINANCE @ base) / WALLS.well_lit, 0.2, 1.0) ** WALLS.dimming)
