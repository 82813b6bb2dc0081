"""Tells which of two networks to keep: `python -m research.roomnet.compare OLD NEW`, folders as `export` leaves them.

Both see the photos of `MODOMO_ROOMS`: those with labels, and half A of `more/` (even numbers), where a published
network stands in for labels (`tools.eval_rooms.stand_in`). Half B is never looked at. The rule, written before there
was anything to compare:

- the figure is the mean of two mean overlaps of the five surfaces: with the labels, and with the stand-in;
- the new network is kept if the figure is higher, and the lower end of the difference's 95 % interval is above 0;
- and if nothing else is certainly worse: no interval of another difference lies on the wrong side of 0, and no photo
  takes more than a fifth longer;
- one that takes at most half the processor time need not be better: the lower end may be down to -.005.

Intervals are percentiles of a bootstrap over photos, drawn alike for both networks (Efron & Tibshirani, 1993). Exit
status 0 means that the new one is kept, 1 that the old one is.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from research.roomnet.network import groups
from roomnet.network import Network
from servicekit.imaging.resizing import reduced
from servicekit.types.rooms import RoomType
from tools.eval_rooms import collection, ground_truth, intervals, scores, stand_in
from tools.eval_rooms.collection import Source
from tools.eval_rooms.ground_truth import SURFACES, UNLABELLED

SIDE: Final = 512
"""Pixels of the long side at which answers are judged."""
SMALLEST: Final = 0.25
LARGEST: Final = 4.0
"""Scales that may be asked for."""
SLOWER: Final = 1.2
"""Times as long as the old one's that the new one's median photo may take."""
MUCH_CHEAPER: Final = 0.5
"""Times the old one's CPU seconds at which equal is good enough."""
EQUAL: Final = -0.005
"""Least lower end of the difference between two figures that count as equal."""
BINS: Final = 10
BETTER_LOW: Final = frozenset({"calibration, labels", "calibration, stand-in", "depth AbsRel"})
"""Figures of which less is better; of all others more is."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One network on one photo; None where nothing is known to judge by."""

    confusion: NDArray[np.int64] | None = None
    """5×5 pixels: rows are the truth, columns what was found."""

    bins: NDArray[np.float64] | None = None
    """3×BINS: pixels, right ones and the sum of confidence, by confidence in the surface."""

    depth: tuple[float, float] | None = None
    """AbsRel and rank correlation."""

    room: bool | None = None
    """Whether the type was named rightly."""

    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Known:
    """A photo and what it is judged by."""

    rgb: NDArray[np.uint8]
    stood_in: bool
    """Whether `surfaces` are the stand-in's."""

    surfaces: NDArray[np.uint8] | None
    depth: NDArray[np.float32] | None
    room: RoomType | None


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m research.roomnet.compare", description="Tells which of two networks to keep."
    )
    for name in ("old", "new"):
        parser.add_argument(name, metavar=f"{name.upper()}[@SCALE]", help="folder, and another scale of its input")
    wanted = parser.parse_args(arguments)
    if not os.environ.get("MODOMO_ROOMS"):
        parser.error("MODOMO_ROOMS does not say where the photos are")
    rooms = Path(os.environ["MODOMO_ROOMS"])
    networks = [Subject(text) for text in (wanted.old, wanted.new)]
    judged: list[tuple[Known, Judged, Judged]] = []
    for photo in photos(rooms):
        old, new = (network.judged(photo) for network in networks)
        judged.append((photo, old, new))
    kept, text = verdict(judged)
    sys.stdout.write(text)
    return 0 if kept else 1


def photos(rooms: Path) -> Iterator[Known]:
    """Those with labels, depth or type, then half A; raises what `collection.find` raises, and FileNotFoundError
    without the network that stands in for labels."""
    network, about = stand_in.load(rooms)
    if network is None:
        raise FileNotFoundError(f"no photo without labels can be judged: {about}")
    for source in sorted(judged_by(rooms), key=lambda one: one.half is not None):
        photo = ground_truth.read(source)
        if source.half is None:
            yield Known(rgb=photo.rgb, surfaces=photo.surfaces, depth=photo.depth, room=photo.room_type, stood_in=False)
        else:
            kind = RoomType(source.picture.stem.rpartition("_")[0])
            yield Known(rgb=photo.rgb, surfaces=network.surfaces(photo.rgb), depth=None, room=kind, stood_in=True)


def judged_by(rooms: Path) -> list[Source]:
    """Photos of which something is known, and half A; half B is for reporting alone."""
    found = collection.find(rooms).sources
    return [one for one in found if one.half == "A" or one.ade20k or one.nyu40 or one.depth or one.room_type]


class Subject:
    """A network as it is used: at the scale that its files name, or at another."""

    def __init__(self, text: str) -> None:
        """FOLDER or FOLDER@1.5; raises WeightsMissingError, and ValueError for a scale that is none."""
        path, _, scale = text.partition("@")
        self._network = Network(Path(path))
        if scale:
            factor = float(scale)
            if not SMALLEST <= factor <= LARGEST:
                raise ValueError(f"{text}: the scale has to be within {SMALLEST}..{LARGEST}")
            self._network.scale = factor
        self._table = groups.surfaces()

    def judged(self, photo: Known) -> Judged:
        """What it says of a photo, against what is known."""
        fine = reduced(photo.rgb, SIDE)
        started = time.process_time()
        said = self._network.predict(photo.rgb)
        seconds = time.process_time() - started
        shape = (fine.shape[1], fine.shape[0])
        merged = np.zeros((len(SURFACES), *said.groups.shape[1:]), np.float32)
        np.add.at(merged, self._table, said.groups)
        chances = np.stack([cv2.resize(one, shape, interpolation=cv2.INTER_LINEAR) for one in merged])
        confusion = bins = depth = None
        if photo.surfaces is not None:
            truth = reduced(photo.surfaces, SIDE, nearest=True)
            found = chances.argmax(axis=0).astype(np.uint8)
            confusion = scores.confusion(truth, found)
            known = truth != UNLABELLED
            bins = binned(chances.max(axis=0)[known], (found == truth)[known])
        if photo.depth is not None:
            inverse = cv2.resize(said.inverse_depth, photo.depth.shape[::-1], interpolation=cv2.INTER_LINEAR)
            depth = scores.depth_errors(photo.depth, inverse.astype(np.float32))
        room = (
            None if photo.room is None else max(said.rooms, key=lambda one: said.rooms[one]).value == photo.room.value
        )
        return Judged(confusion=confusion, bins=bins, depth=depth, room=room, seconds=seconds)


def binned(sure: NDArray[np.floating], right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """3×BINS: pixels, right ones and confidence."""
    place = np.clip((sure * BINS).astype(int), 0, BINS - 1)
    return np.stack([np.bincount(place, weights=each, minlength=BINS) for each in (np.ones(len(sure)), right, sure)])


def figures(photos: Sequence[tuple[Known, Judged]]) -> dict[str, float]:
    """All that is compared, of these photos together; NaN where nothing is known."""
    found: dict[str, float] = {}
    for name, stood_in in (("labels", False), ("stand-in", True)):
        chosen = [one for photo, one in photos if photo.stood_in == stood_in and one.confusion is not None]
        counts, totals = np.zeros((len(SURFACES),) * 2, np.int64), np.zeros((3, BINS))
        for one in chosen:
            counts += 0 if one.confusion is None else one.confusion
            totals += 0 if one.bins is None else one.bins
        found[f"mean IoU, {name}"] = scores.segmentation(counts)["mean_iou"]
        found[f"calibration, {name}"] = float(np.abs(totals[1] - totals[2]).sum() / max(totals[0].sum(), 1.0))
    depths = np.array([one.depth for _, one in photos if one.depth is not None]).reshape(-1, 2)
    found["depth AbsRel"], found["depth rank"] = (float(np.mean(column)) for column in depths.T)
    found["room type"] = float(np.mean([one.room for _, one in photos if one.room is not None]))
    return {"figure": (found["mean IoU, labels"] + found["mean IoU, stand-in"]) / 2} | found


def verdict(judged: Sequence[tuple[Known, Judged, Judged]]) -> tuple[bool, str]:
    """Whether the new network is kept, and the table that says why."""
    old = figures([(photo, one) for photo, one, _ in judged])
    new = figures([(photo, one) for photo, _, one in judged])
    gains = drawn(judged)
    rows, worse = ["| | old | new | gain | 95 % |", "|---|---|---|---|---|"], []
    for name in old:
        low, high = intervals.ends(gains[name])
        rows.append(f"| {name} | {old[name]:.3f} | {new[name]:.3f} | {new[name] - old[name]:+.3f} "
                    f"| {low:+.3f} to {high:+.3f} |")  # fmt: skip
        if name != "figure" and (low > 0 if name in BETTER_LOW else high < 0):
            worse.append(name)
    rows += reliability(judged)
    seconds = [float(np.median([pair[which].seconds for _, *pair in judged])) for which in (0, 1)]
    slower = seconds[1] / max(seconds[0], 1e-9)
    rows.append(f"| CPU seconds a photo | {seconds[0]:.3f} | {seconds[1]:.3f} | × {slower:.2f} | |")
    if slower > SLOWER:
        worse.append("time")
    low = intervals.ends(gains["figure"])[0]
    cheaper = slower <= MUCH_CHEAPER and low >= EQUAL
    kept = (low > 0 or cheaper) and not worse
    reason = (
        "is higher for certain"
        if low > 0
        else "is as high, at half the time or less"
        if cheaper
        else "is not higher for certain"
    )
    rows.append(f"\nThe {'new' if kept else 'old'} network is kept: the figure {reason}; "
                f"certainly worse: {', '.join(worse) or 'nothing'}. {len(judged)} photos.\n")  # fmt: skip
    return kept, "\n".join(rows)


def reliability(judged: Sequence[tuple[Known, Judged, Judged]]) -> list[str]:
    """Rows that tell how often the two surest bins are right, and in brackets how sure they say they are."""
    rows = []
    for name, stood_in in (("labels", False), ("stand-in", True)):
        for place in (BINS - 2, BINS - 1):
            cells = []
            for which in (0, 1):
                chosen = [pair[which].bins for photo, *pair in judged if photo.stood_in == stood_in]
                pixels, right, sure = sum((one for one in chosen if one is not None), np.zeros((3, BINS)))[:, place]
                cells.append(f"{right / max(pixels, 1):.3f} ({sure / max(pixels, 1):.3f})")
            rows.append(f"| right where .{place} sure, {name} | {cells[0]} | {cells[1]} | | |")
    return rows


def drawn(judged: Sequence[tuple[Known, Judged, Judged]]) -> Mapping[str, list[float]]:
    """Gains of the new network over resampled photos, each kind of photo drawn among its own."""
    gains: dict[str, list[float]] = {}
    for sample in intervals.resampled(judged, _kind):
        old = figures([(photo, one) for photo, one, _ in sample])
        for name, value in figures([(photo, one) for photo, _, one in sample]).items():
            gains.setdefault(name, []).append(value - old[name])
    return gains


def _kind(judged: tuple[Known, Judged, Judged]) -> tuple[bool, ...]:
    return judged[0].stood_in, judged[0].surfaces is None, judged[0].depth is None


if __name__ == "__main__":
    sys.exit(main())
