"""Textiles, large furniture and doors: the same things in other colours."""

import cv2

from diffusion.lite.canvas import Canvas
from diffusion.lite.labels import Label
from diffusion.lite.morphology import Bits, bits
from diffusion.lite.recolouring import recolour, turns_grey
from diffusion.styles import Finish
from servicekit.imaging import colour


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
    mask = canvas.to_paint(region)
    if mask is None:
        return
    used = dict[str, None]()
    count, numbers = cv2.connectedComponents(mask, connectivity=4)
    for number in range(1, count):
        part = bits(numbers == number)
        fitting = _fitting(canvas, region, part, finish)
        recolour(canvas, part, colour.from_hex(fitting.color))
        used[fitting.name] = None
    canvas.record(region, mask, " and ".join(used))


def _fitting(canvas: Canvas, region: Label, part: Bits, finish: Finish) -> Finish:
    """The finish, or the style's wood for dark furniture that its paint would only turn grey."""
    is_wooden = region in (Label.CABINET, Label.DOOR)
    if is_wooden and turns_grey(colour.from_hex(finish.color), canvas.patch(part).typical()):
        return canvas.choice.wood
    return finish
