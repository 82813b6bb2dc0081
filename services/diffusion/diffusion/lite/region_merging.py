"""Joins neighbouring regions that look alike, since one object may have been given two labels.

A sofa must be painted as a whole or not at all, although half of it was labelled an armchair; a floor must be laid as
one, although part of it was labelled a rug. Small remainders join the region that they belong to (Nock and Nielsen,
"Statistical region merging", PAMI 2004). A region that still continues under another label is incomplete.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.lite import edge_evidence
from diffusion.lite.edge_regions import edge_segments, mean_colours
from diffusion.lite.labels import Label, upsampled_mask
from diffusion.lite.morphology import Bits, bits, shrunk
from servicekit.imaging import colour
from servicekit.imaging.arrays import Floats, floats
from servicekit.imaging.resizing import reduced

SIDE: Final = 256
"""Long side, in pixels, at which neighbours are compared."""
AROUND: Final = 0.025
"""Half the width in long sides of the neighbourhood whose mean colours are compared across a border."""
ALIKE: Final = 8.0
"""Distance in L*a*b*, lightness counted half, up to which both sides look the same."""
CLEARLY: Final = 0.6
"""A segment is floor where it is closer to some floor than this share of its distance to the rest of the rug,"""
LIKE_FLOOR: Final = 16.0
"""and than this at all, if it is calm: the same floor lies in daylight and under lamps."""
CALM: Final = 0.6
"""Share of edges below which a segment has no pattern; one with a pattern must look the same to be floor."""
FEW: Final = 0.4
"""Share of a segment that is called rug, up to which it is floor that others are compared with."""
PATTERN: Final = 40.0
"""Distance between a segment full of edges and one without any, in the same measure: boards and pile differ in texture
too."""
LEAST: Final = 0.002
"""Share of the picture from which a segment's colour is compared with."""
JOINED: Final = 0.6
"""Share of their common border that must look the same on both sides for a part to go to its neighbour,"""
COMMON: Final = 0.3
"""and share of its whole border that this must be."""
HALF: Final = 0.15
"""Share of an object's border from which it continues under another label."""
JOINS: Final[Mapping[Label, Mapping[Label, float]]] = {
    Label.RUG: {Label.FLOOR: 1.0},
    Label.FLOOR: {Label.RUG: 0.2},
    Label.CURTAIN: {Label.WALL: 0.5},
    Label.CUSHION: {Label.UPHOLSTERY: 0.5, Label.BED: 0.5},
    Label.UPHOLSTERY: {Label.FLOOR: 0.2},
    Label.OTHER: {Label.UPHOLSTERY: 0.1, Label.BED: 0.1, Label.CABINET: 0.2, Label.RUG: 0.1, Label.FLOOR: 0.1},
}
"""What each label may join, and its largest area then, as a multiple of that region's."""
GOES_ON: Final[Mapping[Label, tuple[Label, ...]]] = {
    Label.UPHOLSTERY: (Label.OTHER, Label.BED, Label.CABINET),
    Label.BED: (Label.OTHER, Label.UPHOLSTERY, Label.CABINET),
    Label.CABINET: (Label.OTHER, Label.DOOR, Label.UPHOLSTERY),
    Label.DOOR: (Label.OTHER, Label.CABINET),
    Label.CURTAIN: (Label.OTHER, Label.WALL),
    Label.RUG: (Label.OTHER, Label.FLOOR),
}
"""Labels of objects that are painted as a whole or not at all, and the labels under which they may continue."""
DARK: Final = 35
"""L* below which part of a bed is looked at for itself: its frame, most often."""
_FRAME: Final = 31
"""The name of such a part."""
_OTHERS: Final = 32
"""Names from here on are kinds of OTHER: ADE20K's indices plus this."""


@dataclass(frozen=True, kw_only=True)
class _Adjacency:
    """Pairs of parts that share a border, each pair both ways round."""

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


def merge_regions(labels: Bits, segmentation: Bits | None, photo: Bits) -> tuple[Bits, Bits]:
    """Labels (H×W, values of Label) with remainders joined, and 1 where an object is incomplete.

    `segmentation` is H×W, ADE20K's indices, and tells apart what is labelled OTHER; photo is H×W×3.
    """
    lab = colour.lab(colour.linear(reduced(photo, SIDE)))
    named = reduced(labels, SIDE, nearest=True)
    names = _split_rugs_from_floor(named, lab)
    kinds = names.copy()
    if segmentation is not None:
        other = names == Label.OTHER
        kinds[other] = np.minimum(reduced(segmentation, SIDE, nearest=True)[other], 255 - _OTHERS) + _OTHERS
    # a bed's dark frame goes on elsewhere without its linen
    kinds[(names == Label.BED) & (cv2.medianBlur(bits(lab[..., 0]), 5) < DARK)] = _FRAME
    parts, usual = _parts(kinds, lab)
    borders = _adjacent_parts(parts, usual)
    area = np.bincount(parts.ravel())
    region = np.zeros(len(area), dtype=np.uint8)
    region[parts.ravel()] = names.ravel()
    became = _merge_remainders(region, area, borders)
    now = bits(became[parts])
    whole = labels.copy()
    for goal in np.unique(now[now != named]):
        whole[upsampled_mask(bits((now == goal) & (now != named)), named, labels) > 0] = goal
    return whole, upsampled_mask(_incomplete_parts(became, borders)[parts], now, whole)


def _split_rugs_from_floor(names: Bits, lab: Floats) -> Bits:
    """Names (h×w) with rugs and floor told apart by edges.

    Each segment of either takes the label of most of its pixels, but is floor where it is clearly more like some floor
    than like the rest of the rug, in colour and in the share of edges.
    """
    both = bits((names == Label.FLOOR) | (names == Label.RUG))
    rug = bits(names == Label.RUG)
    if not rug.any():
        return names
    edges = edge_evidence.edges(lab)
    numbers = edge_segments(both, edges, lab)
    size = np.bincount(numbers.ravel())
    share = np.bincount(numbers.ravel(), weights=rug.ravel()) / np.maximum(size, 1)
    is_rug = share >= 0.5
    large = size >= LEAST * names.size
    large[0] = False
    busy = np.bincount(numbers.ravel(), weights=edges.ravel()) / np.maximum(size, 1)
    looks = np.column_stack([mean_colours(numbers, lab) * floats([0.5, 1.0, 1.0]), PATTERN * busy])
    away = np.linalg.norm(looks[:, None] - looks[None], axis=2)
    np.fill_diagonal(away, np.inf)
    to_floor, to_rug = (np.min(away, axis=1, where=large & kind, initial=np.inf) for kind in (share < FEW, is_rug))
    like_floor = to_floor < np.where(busy < CALM, LIKE_FLOOR, ALIKE)
    is_rug &= ~(np.isfinite(to_rug) & like_floor & (to_floor < CLEARLY * to_rug))
    told = np.where(is_rug[numbers], Label.RUG, Label.FLOOR)
    return np.where(both > 0, told, names).astype(np.uint8)


def _merge_remainders(region: Bits, area: NDArray[np.intp], borders: _Adjacency) -> Bits:
    """The region of each part once remainders have gone to what they belong to."""
    became = region.copy()
    whole = borders.whole(len(region))
    for name, largest in JOINS.items():
        for goal, most in largest.items():
            towards = (region[borders.one] == name) & (region[borders.other] == goal)
            one = borders.one[towards]
            length, alike, neighbours = (
                np.bincount(one, weights=values[towards], minlength=len(region))
                for values in (borders.length, borders.alike, area[borders.other])
            )
            near = (length >= COMMON * whole) & (alike >= JOINED * length)
            became[near & (area <= most * neighbours)] = goal
    return became


def _incomplete_parts(region: Bits, borders: _Adjacency) -> Bits:
    """1 for each part that continues under another label."""
    pairs = zip(region[borders.one].tolist(), region[borders.other].tolist(), strict=True)
    on = np.array([other in GOES_ON.get(Label(one), ()) for one, other in pairs], dtype=np.float64)
    length = np.bincount(borders.one, weights=borders.alike * on, minlength=len(region))
    return bits(length >= HALF * borders.whole(len(region)))


def _parts(kinds: Bits, lab: Floats) -> tuple[NDArray[np.int32], Floats]:
    """h×w numbers of connected parts, and h×w×3 the mean colour of the same kind around each pixel, L* halved."""
    halved = lab * floats([0.5, 1.0, 1.0])
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
        usual[box][inside] = (cv2.blur(halved[box] * weight[..., None], window) / near)[inside]
    return parts, usual


def _adjacent_parts(parts: NDArray[np.int32], usual: Floats) -> _Adjacency:
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
    return _Adjacency(
        one=one,
        other=other,
        length=np.bincount(place, minlength=len(unique)),
        alike=np.bincount(place, weights=np.concatenate(same), minlength=len(unique)).astype(np.intp),
    )
