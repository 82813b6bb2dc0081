"""Textiles, large furniture and doors: the same things in other colours."""

from typing import Final

import cv2
import numpy as np

from diffusion.lite.bedding import blankets
from diffusion.lite.canvas import Canvas
from diffusion.lite.edge_evidence import edge_coverage, exclude_occluders
from diffusion.lite.labels import Label
from diffusion.lite.morphology import Bits, bits, share_of
from diffusion.lite.recolouring import recolour, turns_grey
from diffusion.lite.surface import LEAST_PART, confident_mask, connected_parts
from diffusion.styles import Finish
from servicekit.imaging import colour
from servicekit.imaging.arrays import Floats
from servicekit.imaging.resizing import reduced

LARGEST_UNSURE: Final = 0.3
"""A thing that fills more of the picture than this is several things that were not told apart,"""
SURE: Final = 0.7
"""unless its label is as sure as this: a bed before the camera may fill half of it."""
MOTLEY: Final = 13.0
"""Deviation in a*b* from which upholstery is a chair, a table and a rug that were not told apart."""
LEAST_OUTLINE: Final = 0.55
"""Share of its border that a thing must share with the photo's edges."""
DOOR_SHADES: Final = 20.0
"""Distance in L* from its median within which a door's panels and shadows lie,"""
DOOR_HUES: Final = 9.0
"""and in a*b*."""
GLARE: Final = 90.0
"""L* above which a door may as well be daylight behind glass."""
ONE_COLOUR: Final = 0.8
"""Share of a door that must lie within both."""


def recolour_textiles(canvas: Canvas) -> None:
    """Curtains, rugs, upholstery, beds, cushions."""
    choice = canvas.choice
    for region, finish in (
        (Label.RUG, choice.rug),
        (Label.CURTAIN, choice.curtain),
        (Label.BED, choice.bedding),
        (Label.UPHOLSTERY, choice.upholstery),
        (Label.CUSHION, choice.accent),
    ):
        _recolour(canvas, region, finish)


def recolour_furniture(canvas: Canvas) -> None:
    """Cabinets, wardrobes, tables, shelves, doors."""
    _recolour(canvas, Label.CABINET, canvas.choice.cabinet)
    _recolour(canvas, Label.DOOR, canvas.choice.trim)


def _recolour(canvas: Canvas, region: Label, finish: Finish) -> None:
    mask = confident_mask(canvas, region)
    if mask is None:
        return
    if region in (Label.CABINET, Label.DOOR):
        mask = exclude_occluders(canvas.scene.lab, canvas.scene.edges, mask, appliances=True)
    done, used = np.zeros_like(mask), dict[str, None]()
    count, numbers = connected_parts(mask)
    for number in range(1, count + 1):
        part = bits(numbers == number)
        if region is Label.UPHOLSTERY and is_motley(canvas.scene.lab, part):
            continue
        if not _is_one_thing(canvas, part) or (region is Label.DOOR and not is_opaque(canvas.scene.lab, part)):
            continue
        if region is Label.BED:
            part = blankets(canvas.scene.lab, canvas.scene.edges, part)
        fitting = _fitting(canvas, region, part, finish)
        recolour(canvas, part, colour.from_hex(fitting.color))
        done |= part
        used[fitting.name] = None
    canvas.record(region, done if used else mask, " and ".join(used))


def _fitting(canvas: Canvas, region: Label, part: Bits, finish: Finish) -> Finish:
    """The finish, or the style's wood for dark furniture that its paint would only turn grey."""
    is_wooden = region in (Label.CABINET, Label.DOOR)
    if is_wooden and turns_grey(colour.from_hex(finish.color), canvas.patch(part).typical()):
        return canvas.choice.wood
    return finish


def is_motley(lab: Floats, part: Bits) -> bool:
    """Whether a part (H×W mask) is of more colours than one thing has; `lab` is h×w×3 L*a*b*, perhaps smaller."""
    pixels = lab[reduced(part, max(lab.shape), nearest=True) > 0]
    return len(pixels) > 0 and float(np.hypot(*pixels[:, 1:].std(axis=0))) > MOTLEY


def is_opaque(lab: Floats, door: Bits) -> bool:
    """Whether a door (H×W mask) is of one colour, as wood and paint are; glass shows what is behind it.

    `lab` is h×w×3 L*a*b* of the photo, perhaps smaller.
    """
    pixels = lab[reduced(door, max(lab.shape), nearest=True) > 0]
    if not len(pixels):
        return False
    usual = np.median(pixels, axis=0)
    if usual[0] > GLARE:
        return False
    away = np.abs(pixels - usual)
    return float(((away[:, 0] < DOOR_SHADES) & (np.hypot(away[:, 1], away[:, 2]) < DOOR_HUES)).mean()) > ONE_COLOUR


def _is_one_thing(canvas: Canvas, part: Bits) -> bool:
    area = share_of(part)
    if area < LEAST_PART:
        return False
    if area > LARGEST_UNSURE and cv2.mean(canvas.scene.layout.confidence, part)[0] < SURE:
        return False
    return edge_coverage(part, canvas.scene.edges) >= LEAST_OUTLINE
