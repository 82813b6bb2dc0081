"""Evidence against a label: colours that differ from its surface, and borders that lie on no edge."""

from typing import Final

import cv2
import numpy as np

from diffusion.lite.morphology import Bits, bits, grown, shrunk
from diffusion.lite.sizes import enlarged
from servicekit.imaging.arrays import Floats, floats
from servicekit.imaging.resizing import reduced

STRANGE: Final = 20.0
"""Distance in a*b* from the region's colour around that no light explains: something hangs or stands before it."""
BRIGHTER: Final = 4.0
"""Difference in L* from which a paler pixel is a highlight."""
AROUND: Final = 0.1
"""Half the width of that neighbourhood, in long sides."""
SIDE: Final = 224
"""Long side, in pixels, at which colours around are averaged."""
LEAST_THING: Final = 0.0007
"""Share of the picture that a thing fills."""
LEAST_APPLIANCE: Final = 0.01
"""Share that an appliance between fronts fills."""
LEAST_OUTLINE: Final = 0.6
"""Share of its border that must lie on edges."""
RIM: Final = 3
"""Pixels of `lab` along the border of a mask whose colour is mixed with what is beyond it."""
STEP: Final = 5.0
"""Change of colour over two pixels, in L*a*b*, that a border can lie on."""


def exclude_occluders(lab: Floats, edges: Bits, mask: Bits, *, appliances: bool = False) -> Bits:
    """The mask without objects in front of the surface, of quite another colour than it: lampshades, pictures, plants.

    `lab` is h×w×3 L*a*b* of the photo, perhaps smaller than the mask, and `edges` h×w its edges: what does not end on
    them is coloured light. What is brighter and paler than the surface is a highlight on it (Shafer's dichromatic
    reflection model, 1985), unless it is large enough for an appliance where there are `appliances`.
    """
    fine = reduced(mask, max(lab.shape), nearest=True)
    small, inside = reduced(lab, SIDE), floats(reduced(fine, SIDE, nearest=True))
    usual = _local_mean(small, inside, AROUND)
    # once more without what stood out, and over a wider view: the middle of a large picture is used to itself
    usual = _local_mean(small, inside * (1 - _unexplained_by_light(small, usual)), 2 * AROUND)
    around = enlarged(usual, lab.shape)
    strange = object_sized(exclude_rim(_unexplained_by_light(lab, around) & fine, fine, RIM))
    if appliances:
        pale = _unexplained_by_light(lab, around, highlights=False) & fine
        strange |= object_sized(exclude_rim(pale, fine, RIM), LEAST_APPLIANCE)
    outlines = grown(_bounded_by_edges(edges, strange), 1)
    return mask & ~bits(cv2.resize(outlines, mask.shape[::-1], interpolation=cv2.INTER_NEAREST))


def _local_mean(lab: Floats, weight: Floats, share: float) -> Floats:
    """h×w×3, the mean colour over `share` of the long side to each side, with the mean of all where none is near."""
    radius = max(2, round(share * max(weight.shape)))
    window = (2 * radius + 1, 2 * radius + 1)
    everywhere = floats(cv2.mean(lab, bits(weight > 0))[:3])
    near = floats(cv2.blur(weight, window))[..., None]
    return floats((cv2.blur(lab * weight[..., None], window) + 1e-2 * everywhere) / (near + 1e-2))


def _unexplained_by_light(lab: Floats, usual: Floats, *, highlights: bool = True) -> Bits:
    """h×w, 1 where a colour is not explained by light on the usual one."""
    paler = np.hypot(lab[..., 1], lab[..., 2]) < np.hypot(usual[..., 1], usual[..., 2])
    highlight = highlights & paler & (lab[..., 0] - usual[..., 0] > BRIGHTER)
    return bits((np.hypot(lab[..., 1] - usual[..., 1], lab[..., 2] - usual[..., 2]) > STRANGE) & ~highlight)


def exclude_rim(strange: Bits, mask: Bits, rim: int) -> Bits:
    """Pixels (h×w) without those along the mask's border, `rim` pixels wide, where two surfaces mix."""
    seeds = bits(cv2.medianBlur(strange, 5)) & shrunk(mask, rim)
    return strange & grown(seeds, 2 * rim)


def object_sized(strange: Bits, least: float = LEAST_THING) -> Bits:
    """The connected parts (h×w) that are large enough to be an object rather than part of a pattern."""
    _count, numbers, stats, _centres = cv2.connectedComponentsWithStats(strange, connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= least * strange.size
    large[0] = False
    return bits(large[numbers])


def _bounded_by_edges(edges: Bits, parts: Bits) -> Bits:
    """The connected parts (h×w) whose border lies on edges for the most part."""
    count, numbers = cv2.connectedComponents(parts, connectivity=8)
    good = [False] + [edge_coverage(bits(numbers == number), edges) >= LEAST_OUTLINE for number in range(1, count)]
    return bits(np.array(good)[numbers])


def edges(lab: Floats) -> Bits:
    """h×w, 1 on and next to steps of lightness or colour."""
    found = np.zeros(lab.shape[:2], dtype=np.uint8)
    for plane in cv2.split(lab):
        found[:, 1:-1] |= cv2.absdiff(plane[:, 2:], plane[:, :-2]) > STEP
        found[1:-1] |= cv2.absdiff(plane[2:], plane[:-2]) > STEP
    return grown(found, 1)


def edge_coverage(part: Bits, steps: Bits) -> float:
    """Share, 0–1, of a part's border that lies on `edges`; a label that ends where there is no edge is wrong.

    The picture's own border counts for nothing; a part without any other border is wholly outlined.
    """
    small = reduced(part, max(steps.shape), nearest=True)
    border = cv2.morphologyEx(small, cv2.MORPH_GRADIENT, np.ones((3, 3), dtype=np.uint8))
    border[[0, -1]] = 0
    border[:, [0, -1]] = 0
    length = int(border.sum())
    return float((border * steps).sum()) / length if length else 1.0
