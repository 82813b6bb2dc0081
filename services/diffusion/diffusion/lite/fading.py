"""How paint ends: on an edge of the photo at once, and where there is none it fades as light does.

The masks of what is painted go through the recursive filter of the domain transform (Gastal and Oliveira, "Domain
Transform for Edge-Aware Image and Video Processing", SIGGRAPH 2011, sections 4 and 5), in which an edge of the photo is
a long way and all else is none. What it does to a pixel depends on the photo alone: masks that add up to 1 still do.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from diffusion.lite import cells
from diffusion.lite.morphology import Bits, bits
from diffusion.lite.parameters import FADING
from diffusion.lite.sizes import enlarged
from servicekit.imaging.arrays import RGB, Floats, floats
from servicekit.imaging.resizing import reduced


@dataclass(frozen=True, kw_only=True)
class Fading:
    """How a photo's paints end where there is no edge; h×w, with the long side at most FADING.side."""

    amount: Floats
    """h×w, 0–1: 1 around a border of paint where the photo shows no edge, 0 away from all of those."""

    paint: Bits
    """h×w, which paint it is."""

    faded: Mapping[int, Floats]
    """Of every paint, h×w: how much of a pixel is of it, 0–1."""

    @classmethod
    def find(cls, photo: RGB, paint: Bits) -> "Fading":
        """For a photo (H×W×3 sRGB) and what is painted alike in it (H×W: any values, each a paint or none)."""
        strength, least = cells.edge_strength(reduced(photo, FADING.side))
        steps = floats(1.0 + (strength / (FADING.stop * least)) ** FADING.steepness)
        values = [int(one) for one in np.unique(paint)]
        inside = np.stack([reduced(255 * bits(paint == one), FADING.side) for one in values], axis=-1)
        masks = floats(inside / np.float32(255))
        faded = _filtered(masks, steps)
        moved = np.abs(faded - masks).max(axis=-1)
        near = cv2.GaussianBlur(moved, (0, 0), FADING.reach * max(moved.shape) / 4)
        return cls(
            amount=floats(np.minimum(FADING.gain * near, 1.0)),
            paint=reduced(paint, FADING.side, nearest=True),
            faded={one: floats(np.ascontiguousarray(faded[..., number])) for number, one in enumerate(values)},
        )

    def shares(self, mask: Bits, sharp: Floats, top: int, left: int) -> Floats:
        """How much of each pixel in a part of the picture is painted, 0–1.

        `mask` is of the whole picture and of one paint, `sharp` its end on edges in a part that begins at `top` and
        `left`.
        """
        part = np.s_[top : top + sharp.shape[0], left : left + sharp.shape[1]]
        small = reduced(mask, FADING.side, nearest=True)
        if not (small * self.amount).any():
            return sharp
        paint = int(np.bincount(self.paint[small > 0]).argmax())
        faded = self.faded[paint]
        if (rest := bits((self.paint == paint) & (small == 0))).any():
            faded = faded * _nearer(small, rest)
        amount, faded = (enlarged(one, mask.shape)[part] for one in (self.amount, faded))
        return floats(sharp + amount * (faded - sharp))


def _nearer(mask: Bits, rest: Bits) -> Floats:
    """H×W, 0–1: how far a pixel goes with a mask and not with the rest of the same paint."""
    own, other = (cv2.distanceTransform(1 - one, cv2.DIST_L2, 3) for one in (mask, rest))
    return floats(np.clip(0.5 + (other - own) / 4, 0.0, 1.0))


def reach(shape: tuple[int, ...]) -> int:
    """Pixels of a picture of a shape beyond which nothing fades."""
    return round(4 * FADING.reach * max(shape))


def _filtered(masks: Floats, steps: Floats) -> Floats:
    """H×W×C masks, each a mean over some FADING.reach of the way around every pixel: across, then down."""
    result, deviation = masks, FADING.reach * max(steps.shape)
    for axis in (1, 0):
        lines = np.array(result.swapaxes(0, axis), order="C")
        ways = steps.swapaxes(0, axis)
        kept = floats(np.exp(-np.sqrt(2.0) / deviation * (ways[1:] + ways[:-1]) / 2))[..., None]
        for at in range(1, len(lines)):
            lines[at] += kept[at - 1] * (lines[at - 1] - lines[at])
        for at in range(len(lines) - 2, -1, -1):
            lines[at] += kept[at] * (lines[at + 1] - lines[at])
        result = lines.swapaxes(0, axis)
    return floats(np.ascontiguousarray(result))
