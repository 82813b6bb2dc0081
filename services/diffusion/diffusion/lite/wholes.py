"""One thing under two labels: what looks the same on both sides of a label's border goes on beyond it.

A sofa of which the half is called an armchair's and the rest a box must be painted wholly or not at all; floor that is
called a rug in part must be laid as one. Small remainders are given to what they belong to (region merging by the
likeness of neighbours: Nock and Nielsen, "Statistical region merging", PAMI 2004); what still goes on elsewhere is half
a thing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.lite import colour
from diffusion.lite.arrays import Bits, Floats, floats
from diffusion.lite.morphology import bits, shrunk
from diffusion.lite.regions import Region, spread
from diffusion.lite.sizes import reduced

SIDE: Final = 192
"""Long side, in pixels, at which neighbours are compared."""
AROUND: Final = 0.025
"""Half the width in long sides of the neighbourhood whose mean colours are compared across a border."""
ALIKE: Final = 8.0
"""Distance in L*a*b*, lightness counted half, up to which both sides look the same."""
JOINED: Final = 0.45
"""Share of their common border that must look the same on both sides for a part to go to its neighbour,"""
COMMON: Final = 0.3
"""and share of its whole border that this must be."""
HALF: Final = 0.2
"""Share of a thing's border from which it goes on under another name."""
JOINS: Final[Mapping[Region, Mapping[Region, float]]] = {
    Region.RUG: {Region.FLOOR: 1.0},
    Region.FLOOR: {Region.RUG: 0.2},
    Region.CURTAIN: {Region.WALL: 0.5},
    Region.CUSHION: {Region.UPHOLSTERY: 0.5, Region.BED: 0.5},
    Region.OTHER: {Region.UPHOLSTERY: 0.1, Region.BED: 0.1, Region.CABINET: 0.2, Region.RUG: 0.1},
}
"""What each may go to, and how large it is then at most against that."""
GOES_ON: Final[Mapping[Region, tuple[Region, ...]]] = {
    Region.UPHOLSTERY: (Region.OTHER, Region.BED, Region.CABINET),
    Region.BED: (Region.OTHER, Region.UPHOLSTERY, Region.CABINET),
    Region.CABINET: (Region.OTHER, Region.DOOR, Region.UPHOLSTERY),
    Region.DOOR: (Region.OTHER, Region.CABINET),
    Region.CURTAIN: (Region.OTHER, Region.WALL),
    Region.RUG: (Region.OTHER, Region.FLOOR),
}
"""What is painted wholly or not at all, and the names under which it may go on."""
DARK: Final = 35
"""L* below which part of a bed is looked at for itself: its frame, most often."""
_FRAME: Final = 31
"""The name of such a part."""
_OTHERS: Final = 32
"""Names from here on are kinds of OTHER: ADE20K's indices plus this."""


@dataclass(frozen=True, kw_only=True)
class _Borders:
    """Who touches whom, both ways round."""

    one: NDArray[np.intp]
    """N, a part's number."""
    other: NDArray[np.intp]
    """N, that of one that it touches."""
    length: NDArray[np.intp]
    """N, pixels of border."""
    alike: NDArray[np.intp]
    """N, those of them where both sides look the same."""

    def whole(self, count: int) -> NDArray[np.float64]:
        """Of each of `count` parts: pixels of all its borders, 1 where it has none."""
        return np.maximum(np.bincount(self.one, weights=self.length, minlength=count), 1)


def made_whole(labels: Bits, segmentation: Bits | None, photo: Bits) -> tuple[Bits, Bits]:
    """Labels (H×W, values of Region) with remainders joined, and 1 where half of a thing is.

    `segmentation` is H×W, ADE20K's indices, and tells things apart that bear no region; photo is H×W×3.
    """
    lab = colour.lab(colour.linear(reduced(photo, SIDE))) * floats([0.5, 1.0, 1.0])
    names = reduced(labels, SIDE, nearest=True)
    kinds = names.copy()
    if segmentation is not None:
        other = names == Region.OTHER
        kinds[other] = np.minimum(reduced(segmentation, SIDE, nearest=True)[other], 255 - _OTHERS) + _OTHERS
    # a bed's dark frame goes on elsewhere without its linen
    kinds[(names == Region.BED) & (cv2.medianBlur(bits(2 * lab[..., 0]), 5) < DARK)] = _FRAME
    parts, usual = _parts(kinds, floats(lab))
    borders = _touching(parts, usual)
    area = np.bincount(parts.ravel())
    region = np.zeros(len(area), dtype=np.uint8)
    region[parts.ravel()] = names.ravel()
    became = _joined(region, area, borders)
    whole = labels.copy()
    for region_now in np.unique(became[became != region]):
        moved = bits((became == region_now) & (region != region_now))
        whole[spread(moved[parts], names, labels) > 0] = region_now
    return whole, spread(_halved(became, borders)[parts], bits(became[parts]), whole)


def _joined(region: Bits, area: NDArray[np.intp], borders: _Borders) -> Bits:
    """The region of each part once remainders have gone to what they belong to."""
    became = region.copy()
    whole = borders.whole(len(region))
    near = (borders.length >= COMMON * whole[borders.one]) & (borders.alike >= JOINED * borders.length)
    for (one, other), touches in zip(_pairs(borders), near, strict=True):
        most = JOINS.get(Region(region[one]), {}).get(Region(region[other]), 0.0)
        if touches and area[one] <= most * area[other]:
            became[one] = region[other]
    return became


def _halved(region: Bits, borders: _Borders) -> Bits:
    """1 for each part that goes on under another name."""
    on = [region[other] in GOES_ON.get(Region(region[one]), ()) for one, other in _pairs(borders)]
    length = np.bincount(borders.one, weights=borders.alike * np.array(on, dtype=float), minlength=len(region))
    return bits(length >= HALF * borders.whole(len(region)))


def _pairs(borders: _Borders) -> Iterator[tuple[int, int]]:
    return zip(borders.one.tolist(), borders.other.tolist(), strict=True)


def _parts(kinds: Bits, lab: Floats) -> tuple[NDArray[np.int32], Floats]:
    """h×w numbers of connected parts, and h×w×3 the mean colour of the same kind around each pixel."""
    parts = np.zeros(kinds.shape, dtype=np.int32)
    usual = np.zeros_like(lab)
    radius = max(2, round(AROUND * max(kinds.shape)))
    window = (2 * radius + 1, 2 * radius + 1)
    count = 0
    for kind in np.unique(kinds):
        whole = bits(kinds == kind)
        left, top, columns, rows = cv2.boundingRect(whole)
        box = np.s_[top : top + rows, left : left + columns]
        own = np.ascontiguousarray(whole[box])
        found, numbers = cv2.connectedComponents(own, connectivity=4)
        inside = own > 0
        parts[box][inside] = numbers[inside] + (count - 1)
        count += found - 1
        # the pixels along a border are a mixture of both sides
        weight = floats(shrunk(own, 1)) + np.float32(1e-3) * own
        near = np.maximum(cv2.blur(weight, window), 1e-6)[..., None]
        usual[box][inside] = (cv2.blur(lab[box] * weight[..., None], window) / near)[inside]
    return parts, usual


def _touching(parts: NDArray[np.int32], usual: Floats) -> _Borders:
    """The borders between parts (h×w numbers) with the colours around each pixel, h×w×3."""
    keys, same = [], []
    count = int(parts.max()) + 1
    for here, next_to_it in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1, :], np.s_[1:, :])):
        apart = parts[here] != parts[next_to_it]
        a, b = parts[here][apart].astype(np.intp), parts[next_to_it][apart].astype(np.intp)
        alike = np.linalg.norm(usual[here][apart] - usual[next_to_it][apart], axis=1) < ALIKE
        keys += [a * count + b, b * count + a]
        same += [alike, alike]
    unique, place = np.unique(np.concatenate(keys), return_inverse=True)
    one, other = np.divmod(unique, count)
    return _Borders(
        one=one,
        other=other,
        length=np.bincount(place, minlength=len(unique)),
        alike=np.bincount(place, weights=np.concatenate(same), minlength=len(unique)).astype(np.intp),
    )
