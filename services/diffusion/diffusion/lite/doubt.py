"""What speaks against a label: colours and borders that do not fit it."""

from typing import Final

import cv2
import numpy as np

from diffusion.lite.arrays import Bits, Floats, floats
from diffusion.lite.morphology import bits, grown, shrunk
from diffusion.lite.sizes import enlarged, reduced

STRANGE: Final = 20.0
"""Distance in a*b* from the region's colour around that no light explains: something hangs or stands before it."""
AROUND: Final = 0.1
"""Half the width of that neighbourhood, in long sides."""
SIDE: Final = 320
"""Long side, in pixels, at which colours around are averaged."""
RIM: Final = 3
"""Pixels of `lab` along the border of a mask whose colour is mixed with what is beyond it."""
STEP: Final = 5.0
"""Change of colour over two pixels, in L*a*b*, that a border can lie on."""


def without_strangers(lab: Floats, mask: Bits) -> Bits:
    """The mask without what is of quite another colour than the surface around it: lampshades, pictures, plants.

    `lab` is h×w×3 L*a*b* of the photo, perhaps smaller than the mask. What is brighter and paler than the surface is a
    highlight on it (Shafer's dichromatic reflection model, 1985).
    """
    fine = reduced(mask, max(lab.shape), nearest=True)
    small = reduced(lab, SIDE)
    weight = reduced(floats(fine), SIDE)
    radius = max(2, round(AROUND * max(weight.shape)))
    window = (2 * radius + 1, 2 * radius + 1)
    usual = floats(cv2.blur(small * weight[..., None], window) / (cv2.blur(weight, window)[..., None] + 1e-3))
    around = enlarged(usual, lab.shape)
    away = lab - around
    paler = np.hypot(lab[..., 1], lab[..., 2]) < np.hypot(around[..., 1], around[..., 2])
    highlight = paler & (away[..., 0] > 4.0)
    strange = bits((np.hypot(away[..., 1], away[..., 2]) > STRANGE) & ~highlight)
    outlines = grown(_away_from_the_border(strange, fine), 1)
    return bits(mask * (enlarged(floats(outlines), mask.shape) < 0.5))


def _away_from_the_border(strange: Bits, mask: Bits) -> Bits:
    """Strange pixels without the rims along the mask's border, where the colours of two surfaces mix."""
    seeds = bits(cv2.medianBlur(strange, 5)) & shrunk(mask, RIM)
    return strange & grown(seeds, 2 * RIM)


def edges(lab: Floats) -> Bits:
    """h×w, 1 on and next to steps of lightness or colour."""
    across = np.abs(lab[:, 2:] - lab[:, :-2]).max(axis=2)
    down = np.abs(lab[2:] - lab[:-2]).max(axis=2)
    found = np.zeros(lab.shape[:2], dtype=np.uint8)
    found[:, 1:-1] |= across > STEP
    found[1:-1] |= down > STEP
    return grown(found, 1)


def outlined(part: Bits, steps: Bits) -> float:
    """Share, 0–1, of a part's border that lies on `edges`; a label that ends in the middle of nothing is wrong.

    The picture's own border counts for nothing; a part without any other border is wholly outlined.
    """
    small = reduced(part, max(steps.shape), nearest=True)
    border = cv2.morphologyEx(small, cv2.MORPH_GRADIENT, np.ones((3, 3), dtype=np.uint8))
    border[[0, -1]] = 0
    border[:, [0, -1]] = 0
    length = int(border.sum())
    return float((border * steps).sum()) / length if length else 1.0
