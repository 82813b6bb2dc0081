"""The picture as it is painted."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.domain import Surface
from diffusion.lite import fading, light
from diffusion.lite.choice import Choice
from diffusion.lite.labels import Label
from diffusion.lite.morphology import Bits, share_of
from diffusion.lite.parameters import CANVAS, LIGHT
from diffusion.lite.scene import Scene
from diffusion.lite.sizes import sampled
from servicekit.imaging import colour
from servicekit.imaging.arrays import RGB, Floats, floats


@dataclass(frozen=True, kw_only=True)
class Patch:
    """The pixels of a mask and of its soft border."""

    index: NDArray[np.intp]
    """N positions in the flattened picture."""

    share: Floats
    """N×1, how much of the pixel is inside, above 0."""

    light: Floats
    """N×3 linear light of the graded photo there."""

    core: NDArray[np.intp]
    """Which of the N are wholly inside; all where none are."""

    def typical(self, *, share: float = 0.5) -> Floats:
        """The reference colour of what is inside; see light.reference."""
        return light.reference(self.light[self.core], share=share)


@dataclass(kw_only=True)
class Canvas:
    """What has been painted so far, over a photo that stays."""

    scene: Scene

    painted: Floats
    """H×W×3, linear light."""

    choice: Choice

    only: frozenset[Label] | None = None
    """What alone is to be painted; None for everything."""

    surfaces: list[Surface] = field(default_factory=list)

    repainted: Bits = field(init=False)
    """H×W, the Label that each pixel was repainted as last; Label.OTHER where it was left alone."""

    def __post_init__(self) -> None:
        self.repainted = np.zeros(self.painted.shape[:2], dtype=np.uint8)

    def patch(self, mask: Bits) -> Patch:
        """Where paint on a mask goes; the mask is H×W, 1 inside, not empty."""
        side = max(mask.shape)
        width = max(0.8, CANVAS.feather * side / 1024)
        ends = self.scene.layout.fading
        margin = round(3 * width) + 1 + (0 if ends is None else fading.reach(mask.shape))
        left, top, columns, rows = cv2.boundingRect(mask)
        left, right = max(0, left - margin), left + columns + margin
        top, bottom = max(0, top - margin), top + rows + margin
        share = floats(cv2.GaussianBlur(floats(mask[top:bottom, left:right]), (0, 0), width / 2))
        if ends is not None:
            share = ends.shares(mask, share, top, left)
        down, over = np.nonzero(share > 1e-3)
        index = (down + top) * mask.shape[1] + over + left
        share = share[down, over]
        core = np.flatnonzero(share > 0.999)
        return Patch(
            index=index,
            share=share[:, None],
            light=self.scene.light.reshape(-1, 3)[index],
            core=core if len(core) else np.arange(len(index)),
        )

    def shade(self, patch: Patch, mask: Bits, base: Floats, *, tint: float = LIGHT.tint) -> Floats:
        """N×3, how much brighter than a reference colour each pixel of a patch is lit, per channel."""
        cast = light.tint(self.scene.small, mask, base, amount=tint)
        return floats(light.brightness(patch.light, base)[:, None] * sampled(cast, patch.index, mask.shape))

    def lay(self, patch: Patch, fresh: Floats) -> None:
        """Puts N×3 linear light in the place of the photo's.

        Surfaces share their borders: where two meet, their shares add up to 1 and nothing of the old paint is left
        between them (a partition of unity).
        """
        self.painted.reshape(-1, 3)[patch.index] += patch.share * (fresh - patch.light)

    def to_paint(self, region: Label) -> Bits | None:
        """H×W, 1 where a region is to be painted; None where it nowhere is. What is not sure is noted."""
        if self.only is not None and region not in self.only:
            return None
        whole, chosen = self.scene.layout.mask(region), self.scene.layout.painted
        mask = whole if chosen is None else whole & chosen
        if share_of(left := whole & ~mask) >= CANVAS.noted:
            self.record(region, left, "")
        return mask if mask.any() else None

    def record(self, region: Label, mask: Bits, material: str) -> None:
        """Notes for the manifest what a surface became; an empty material means that it was left alone."""
        sure = cv2.mean(self.scene.layout.confidence, mask)[0]
        area = share_of(mask)
        self.surfaces.append(Surface(label=region.name.lower(), area=area, confidence=sure, material=material))
        if material:
            self.repainted[mask > 0] = region

    def picture(self) -> RGB:
        """What has been painted so far, sRGB."""
        return colour.srgb(self.painted)
