"""Walls and ceiling: new paint under the old light."""

from diffusion.lite import colour, light
from diffusion.lite.canvas import Canvas
from diffusion.lite.regions import Region
from diffusion.lite.surface import sure


def paint_ceiling(canvas: Canvas) -> None:
    """Paints the ceiling plain."""
    _paint(canvas, Region.CEILING, canvas.choice.ceiling.color, canvas.choice.ceiling.name)


def paint_walls(canvas: Canvas) -> None:
    """Paints the walls."""
    _paint(canvas, Region.WALL, canvas.choice.wall.color, canvas.choice.wall.name)


def _paint(canvas: Canvas, region: Region, color: str, name: str) -> None:
    mask = sure(canvas, region)
    if mask is None:
        return
    shade = light.shading(canvas.light, light.reference(canvas.light, mask))
    canvas.lay(mask, light.lit(colour.from_hex(color), shade))
    canvas.note(region, mask, name)
