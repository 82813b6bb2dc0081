"""Textiles and large furniture: the same things in other colours."""

from typing import Final

import cv2
import numpy as np

from diffusion.lite import colour, light
from diffusion.lite.arrays import Bits, Floats, floats, share_of
from diffusion.lite.canvas import Canvas
from diffusion.lite.doubt import outlined, without_strangers
from diffusion.lite.regions import Region
from diffusion.lite.surface import LEAST_PART, parts, sure
from diffusion.styles import Finish

LIGHTER: Final = 22.0
"""How far up in L* a thing is taken at most: black leather made white shows every highlight as metal."""
DARKER: Final = 42.0
"""How far down."""
LARGEST_UNSURE: Final = 0.3
"""A thing that fills more of the picture than this is several things that were not told apart,"""
SURE: Final = 0.8
"""unless its label is as sure as this: a bed before the camera may fill half of it."""
LEAST_OUTLINE: Final = 0.55
"""Share of its border that a thing must share with the photo's edges."""
TINT: Final = 0.25
"""As light.TINT: what is left of a pattern's colours."""


def recolour_textiles(canvas: Canvas) -> None:
    """Curtains, rugs, upholstery, beds, cushions."""
    choice = canvas.choice
    for region, finish in (
        (Region.RUG, choice.rug),
        (Region.CURTAIN, choice.curtain),
        (Region.BED, choice.curtain),
        (Region.UPHOLSTERY, choice.upholstery),
        (Region.CUSHION, choice.accent),
    ):
        _recolour(canvas, region, finish)


def recolour_furniture(canvas: Canvas) -> None:
    """Cabinets, wardrobes, tables, shelves."""
    _recolour(canvas, Region.CABINET, canvas.choice.cabinet)


def _recolour(canvas: Canvas, region: Region, finish: Finish) -> None:
    mask = sure(canvas, region)
    if mask is None:
        return
    if region in (Region.CABINET, Region.CURTAIN):
        mask = without_strangers(canvas.scene.lab, mask)
    done = np.zeros_like(mask)
    count, numbers = parts(mask)
    for number in range(1, count + 1):
        part = np.asarray(numbers == number, dtype=np.uint8)
        if _is_one_thing(canvas, part):
            _recolour_part(canvas, part, colour.from_hex(finish.color))
            done |= part
    canvas.note(region, done if done.any() else mask, finish.name if done.any() else "")


def _is_one_thing(canvas: Canvas, part: Bits) -> bool:
    area = share_of(part)
    if area < LEAST_PART:
        return False
    if area > LARGEST_UNSURE and cv2.mean(canvas.scene.layout.confidence, part)[0] < SURE:
        return False
    return outlined(part, canvas.scene.edges) >= LEAST_OUTLINE


def _recolour_part(canvas: Canvas, part: Bits, color: Floats) -> None:
    patch = canvas.patch(part)
    base = light.reference(canvas.light(patch.core))
    shade = light.shading(canvas.light(patch.index), base, tint=TINT)
    canvas.lay(patch, light.lit(within_reach(color, base), shade))


def within_reach(color: Floats, base: Floats) -> Floats:
    """The colour, its lightness brought within DARKER and LIGHTER of what the thing has now."""
    (wanted, now) = colour.lab_of(np.stack([color, base]))
    lightness = float(np.clip(wanted[0], now[0] - DARKER, now[0] + LIGHTER))
    if lightness == wanted[0]:
        return color
    fade = min(1.0, (lightness + 10.0) / (float(wanted[0]) + 10.0))
    return floats(colour.from_lab(floats([[lightness, wanted[1] * fade, wanted[2] * fade]]))[0])
