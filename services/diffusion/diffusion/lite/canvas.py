"""The picture in work."""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from diffusion.domain import RGB, Surface
from diffusion.lite import colour, matting
from diffusion.lite.choice import Choice
from diffusion.lite.regions import Layout, Region
from diffusion.styles import Style

Floats: TypeAlias = NDArray[np.float32]


@dataclass(kw_only=True)
class Canvas:
    """What has been painted so far, over a photo that stays."""

    light: Floats
    """H×W×3, the graded photo in linear light: what surfaces are lit by."""

    layout: Layout

    painted: Floats
    """H×W×3, linear light."""

    choice: Choice

    style: Style

    surfaces: list[Surface] = field(default_factory=list)

    def lay(self, mask: NDArray[np.uint8], fresh: Floats) -> None:
        """Puts a repainted surface over what is there, inside of a mask."""
        share = matting.feather(mask, 1.5)[..., None]
        self.painted += share * (fresh - self.painted)

    def note(self, region: Region, mask: NDArray[np.uint8], material: str) -> None:
        """Remembers for the manifest what a surface became; an empty material says that it was left alone."""
        inside = mask.astype(bool)
        area = float(inside.mean())
        sure = float(self.layout.confidence[inside].mean()) if area else 0.0
        self.surfaces.append(Surface(label=region.name.lower(), area=area, confidence=sure, material=material))

    def picture(self) -> RGB:
        """What has been painted so far, sRGB."""
        return colour.srgb(self.painted)
