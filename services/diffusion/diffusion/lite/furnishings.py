"""Textiles and large furniture: the same things in other colours."""

from diffusion.lite import colour, light
from diffusion.lite.canvas import Canvas
from diffusion.lite.regions import Region
from diffusion.lite.surface import sure
from diffusion.styles import Finish


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
    shade = light.shading(canvas.light, light.reference(canvas.light, mask))
    canvas.lay(mask, light.lit(colour.from_hex(finish.color), shade))
    canvas.note(region, mask, finish.name)
