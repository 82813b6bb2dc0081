"""The floor, laid anew."""

from diffusion.lite import colour, light
from diffusion.lite.canvas import Canvas
from diffusion.lite.regions import Region
from diffusion.lite.surface import sure


def lay_floor(canvas: Canvas) -> None:
    """Lays the chosen floor under the photo's light."""
    mask = sure(canvas, Region.FLOOR)
    if mask is None:
        return
    finish = canvas.choice.floor
    shade = light.shading(canvas.light, light.reference(canvas.light, mask))
    canvas.lay(mask, light.lit(colour.from_hex(finish.color), shade))
    canvas.note(Region.FLOOR, mask, finish.name)
