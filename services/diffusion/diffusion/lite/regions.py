"""What is where, in regions that end at the photo's own edges, and which of them to paint: docs/lite-regions.md.

A map says roughly what is where, and how sure that is. One energy over the photo's cells takes it to the photo's edges,

    E(x) = Σ_cells area · mean(−log p(x_i)) + λ Σ_borders length · (rest + soft) · [x_i ≠ x_j],

with p the map's probability of a label and `soft` near 1 where two cells show no step (Boykov and Jolly, "Interactive
Graph Cuts", ICCV 2001), and a second one over the connected parts that come out decides which are painted: a part wins
by what it may be trusted beyond a threshold, and paint that ends where the photo shows no edge costs its length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.lite import cells, corrections, potts
from diffusion.lite.cells import Cells
from diffusion.lite.fading import Fading
from diffusion.lite.labels import Label, Layout
from diffusion.lite.morphology import Bits
from diffusion.lite.parameters import CANVAS, CELLS, REGIONS
from diffusion.lite.recent import Recent
from servicekit.imaging.arrays import Floats, floats
from servicekit.imaging.resizing import reduced
from servicekit.types.corrections import Correction

SETS: Final = (Label.DOOR, Label.CURTAIN, Label.UPHOLSTERY, Label.CUSHION, Label.CABINET)
"""What there are several of in a room, alike: half of a kitchen in another colour looks worse than none."""
STRIDE: Final = 2
"""The network's own pixels are some eight times as wide."""
THINGS: Final = (Label.OTHER, Label.UPHOLSTERY, Label.BED, Label.CUSHION, Label.CABINET)
"""What the first cut takes together: a sofa is more surely no wall than it is a sofa."""
FAMILIES: Final = (
    *((one,) for one in Label if one not in THINGS), THINGS,
)  # fmt: skip
"""What the first cut tells apart; things are told apart by a second."""

_FAMILY: Final = np.array([next(n for n, family in enumerate(FAMILIES) if one in family) for one in Label])


@dataclass(frozen=True, kw_only=True)
class Votes:
    """What a map says at every second pixel of every second row."""

    cell: NDArray[np.intp]
    """K, which cell the pixel is in."""
    name: NDArray[np.intp]
    """K, the Label that the map gives it."""
    sure: Floats
    """K, the probability of that, 0–1."""

    @classmethod
    def sampled(cls, found: Cells, names: Bits, sure: Floats) -> "Votes":
        """Of a map's labels and confidence, H×W."""
        cell, name, value = (plane[::STRIDE, ::STRIDE].ravel() for plane in (found.numbers, names, sure))
        return cls(cell=cell.astype(np.intp), name=name.astype(np.intp), sure=np.clip(value, 0.0, 1.0))


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What is known of a photo before anybody says otherwise."""

    cells: Cells
    labels: NDArray[np.intp]
    """N, values of Label."""
    painted: NDArray[np.bool_]
    """N."""


DECIDED: Final = Recent[Decided](4)
"""Some 4 MB each. It is most of the work, and the same whatever is said of places."""


def find(photo: Bits, rough: Layout, said: Sequence[Correction] = ()) -> Layout:
    """The regions of a photo (H×W×3 sRGB) that a rough layout of it (H×W) tells, and which of them to paint; where
    somebody has said something else, that counts.
    """
    small = reduced(photo, REGIONS.side)
    names, sure = reduced(rough.labels, REGIONS.side, nearest=True), reduced(rough.confidence, REGIONS.side)
    seen = DECIDED.get_or_make((small, names, sure), lambda: _seen(small, names, sure))
    found, labels, painted = seen.cells, seen.labels, seen.painted
    size = (photo.shape[1], photo.shape[0])
    corrected, confidence = None, rough.confidence
    if said:
        owner = corrections.owners(found, 2 * labels + painted, said)
        labels = np.where(owner >= 0, corrections.meant(said)[owner], labels)
        painted = np.where(owner >= 0, labels != Label.OTHER, painted)
        numbers = owner.astype(np.int16)[found.numbers]
        corrected = np.asarray(cv2.resize(numbers, size, interpolation=cv2.INTER_NEAREST_EXACT), dtype=np.int16)
        confidence = floats(np.where(corrected >= 0, 1.0, confidence))
    both = cv2.medianBlur(np.asarray((2 * labels + painted)[found.numbers], dtype=np.uint8), 5)
    drawn = np.asarray(cv2.resize(both, size, interpolation=cv2.INTER_NEAREST_EXACT), dtype=np.uint8)
    return Layout(
        labels=drawn // 2,
        confidence=confidence,
        painted=drawn % 2,
        corrected=corrected,
        fading=Fading.find(small, np.where(both % 2 > 0, both, np.uint8(0))),
    )


def _seen(photo: Bits, names: Bits, sure: Floats) -> Decided:
    """Of a photo of the side REGIONS.side, and the map's labels and their confidence at that size."""
    # a ceiling often meets its wall without an edge, and then where the map has it
    found = cells.find(photo, np.asarray(names == Label.CEILING, dtype=np.uint8))
    votes = Votes.sampled(found, names, sure)
    labels, painted = _decided(found, _labelled(found, votes), votes)
    return Decided(cells=found, labels=labels, painted=painted)


def _labelled(found: Cells, votes: Votes) -> NDArray[np.intp]:
    """N labels: the family of each cell, and what of it."""
    weights = found.length / found.unit * (REGIONS.rest + found.soft)
    family = _FAMILY[votes.name]
    thing = np.isin(votes.name, THINGS)
    # half of what a kind of thing is in doubt by is doubt whether it is another kind
    certain = np.where(thing, (1.0 + votes.sure) / 2, votes.sure)
    families = potts.solve(
        _costs(found, votes.cell, family, certain, len(FAMILIES)), found.pairs, floats(REGIONS.smoothness * weights)
    )
    labels = np.array([one[0] for one in FAMILIES])[families]
    inside = np.flatnonzero(families == len(FAMILIES) - 1)
    if not len(inside):
        return labels
    place = np.full(len(families), -1)
    place[inside] = np.arange(len(inside))
    both = (place[found.pairs] >= 0).all(axis=1)
    own = np.array([THINGS.index(one) if one in THINGS else -1 for one in Label])[votes.name]
    # what a label leaves is spread evenly over all others, and the family's part of that counts here
    others = (1.0 - votes.sure) * (len(THINGS) - 1) / (len(Label) - 1)
    among = floats(votes.sure / np.maximum(votes.sure + others, 1e-6))
    costs = _costs(found, votes.cell, own, among, len(THINGS))[inside]
    kinds = potts.solve(costs, place[found.pairs[both]], floats(REGIONS.kinds * weights[both]))
    labels[inside] = np.array(THINGS)[kinds]
    return labels


def _costs(found: Cells, cell: NDArray[np.intp], own: NDArray[np.intp], sure: Floats, count: int) -> Floats:
    """N×count: −log p of each of `count` labels, summed over the pixels of each cell.

    `own` is the label that the map gives each of K pixels, −1 where it gives none of them; `sure` its probability.
    What is left of that is spread evenly over the others.
    """
    known = own >= 0
    cell, own, mixed = cell[known], own[known], (1.0 - REGIONS.uniform) * sure[known]
    right = -np.log(mixed + REGIONS.uniform / count)
    wrong = -np.log((1.0 - REGIONS.uniform - mixed) / (count - 1) + REGIONS.uniform / count)
    base = np.bincount(cell, weights=wrong, minlength=len(found.area))
    gain = np.bincount(cell * count + own, weights=right - wrong, minlength=len(found.area) * count)
    return floats((base[:, None] + gain.reshape(-1, count)) * (REGIONS.trust * STRIDE**2 / found.unit**2))


def _decided(found: Cells, labels: NDArray[np.intp], votes: Votes) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """N labels, and N whether a cell is painted; both are decided for connected parts of one label as a whole.

    A part takes its own paint, is left as it is, or takes the paint of another family: a patch of cabinet in the middle
    of a wall, without an edge around it, is wall. Between different choices a border without an edge costs its length,
    and so do, by their area, things of one kind and colour that do not share their fate. What the photo clips, such as
    panes that a map takes for curtains, shows no light to paint under.
    """
    parts = potts.components(labels, found.pairs)
    count, families = int(parts.max()) + 1, len(FAMILIES)
    own = np.zeros(count, dtype=np.intp)
    own[parts] = labels
    area = np.bincount(parts, weights=found.area, minlength=count)
    # the mean probability of every family, over the pixels of each part
    place = parts[votes.cell]
    spread = (1.0 - votes.sure) / (families - 1)
    key, weight = place * families + _FAMILY[votes.name], votes.sure - spread
    named = np.bincount(key, weights=weight, minlength=count * families).reshape(count, families)
    trusted = STRIDE**2 * (np.bincount(place, weights=spread, minlength=count)[:, None] + named)
    costs = REGIONS.gain / area.sum() * (area[:, None] * REGIONS.trusted - trusted)
    window, thing, leave = *_FAMILY[[Label.WINDOW, Label.OTHER]], families
    costs[_FAMILY[own] != thing, thing] = costs[own == Label.OTHER, thing] = np.inf  # what would it be?
    costs[own == Label.WINDOW] = costs[:, window] = np.inf
    clipped = found.colour[:, 0] > CELLS.lightness * REGIONS.clipped
    costs[np.bincount(parts, weights=found.area * clipped, minlength=count) > area / 2] = np.inf
    costs = np.minimum(np.column_stack([costs, np.zeros(count)]), 1e3)
    touching, alike = np.sort(parts[found.pairs], axis=1), _alike(found, parts, own, floats(area))
    one, other = np.concatenate([touching, alike[0]]).T
    soft = np.concatenate([REGIONS.soft_border * found.length * found.soft / found.side, alike[1]])
    across = one != other
    keys, border = np.unique((one * count + other)[across], return_inverse=True)
    weights = np.bincount(border, weights=soft[across], minlength=len(keys))
    choice = potts.solve(floats(costs), np.stack(np.divmod(keys, count), axis=1), floats(weights))
    first = np.array([*(one[0] for one in FAMILIES), Label.OTHER])
    became = np.where((choice == leave) | (choice == _FAMILY[own]), own, first[choice])
    return became[parts], np.asarray((choice != leave)[parts])


def _alike(
    found: Cells, parts: NDArray[np.intp], own: NDArray[np.intp], area: Floats
) -> tuple[NDArray[np.intp], Floats]:
    """K×2 parts, the lower number first, that are of one kind and about one colour, and what deciding on them
    differently costs; `own` and `area` are each part's.
    """
    share = area / area.sum()
    large = np.flatnonzero(np.isin(own, SETS) & (share >= CANVAS.noted))
    one, other = (large[side] for side in np.triu_indices(len(large), 1))
    sums = [np.bincount(parts, weights=plane * found.area, minlength=len(own)) for plane in found.colour.T]
    tone = np.stack(sums, axis=1) / area[:, None]
    like = np.exp(-np.square(tone[one] - tone[other]).sum(axis=1) / CELLS.colour**2 / 2)
    cost = REGIONS.alike * REGIONS.gain * np.minimum(share[one], share[other]) * like
    same = own[one] == own[other]
    return np.stack([one, other], axis=1)[same], floats(cost[same])
