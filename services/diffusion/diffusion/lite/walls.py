"""Walls and ceiling: new paint under the old light."""

from typing import Final

import numpy as np

from diffusion.lite import colour, light
from diffusion.lite.arrays import Floats
from diffusion.lite.canvas import Canvas
from diffusion.lite.doubt import without_strangers
from diffusion.lite.regions import Region
from diffusion.lite.surface import sure
from diffusion.styles import Finish

WELL_LIT: Final = 0.35
"""Luminance of a wall in a well lit photo; paint in a darker one stays below its nominal colour."""
DIMMING: Final = 0.3
"""Exponent of how far below."""
BRIGHT_SHARE: Final = 0.65
"""Quantile of the surface that gets the nominal colour; brighter places climb the shoulder."""


def paint_ceiling(canvas: Canvas) -> None:
    """Paints the ceiling plain."""
    _paint(canvas, Region.CEILING, canvas.choice.ceiling)


def paint_walls(canvas: Canvas) -> None:
    """Paints the walls."""
    _paint(canvas, Region.WALL, canvas.choice.wall)


def _paint(canvas: Canvas, region: Region, finish: Finish) -> None:
    mask = sure(canvas, region)
    if mask is None:
        return
    mask = without_strangers(canvas.scene, mask)
    if not mask.any():
        return
    patch = canvas.patch(mask)
    base = light.reference(canvas.light(patch.core), share=BRIGHT_SHARE)
    shade = light.shading(canvas.light(patch.index), base)
    canvas.lay(patch, light.lit(colour.from_hex(finish.color) * dimmed(base), shade))
    canvas.note(region, mask, finish.name)


def dimmed(base: Floats) -> float:
    """How much of its nominal albedo paint shows in a photo where the surface has that colour now."""
    return float(np.clip(float(colour.LUMINANCE @ base) / WELL_LIT, 0.2, 1.0) ** DIMMING)
