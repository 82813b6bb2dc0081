"""Prints how well roomnet understands the rooms of `MODOMO_ROOMS`; the baseline is a guess by position alone."""

import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import roomnet
from tests.rooms import ground_truth, scores
from tests.rooms.ground_truth import SURFACES


def by_position(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """What a photo of a room shows where, for want of anything better: wall above, furniture, floor at the bottom."""
    surfaces = np.zeros(shape[:2], dtype=np.uint8)
    surfaces[: int(0.08 * shape[0])] = SURFACES.index("ceiling")
    surfaces[int(0.5 * shape[0]) :] = SURFACES.index("furniture")
    surfaces[int(0.85 * shape[0]) :] = SURFACES.index("floor")
    return surfaces


def main() -> int:
    """Prints three tables."""
    root = ground_truth.folder()
    if root is None:
        print("MODOMO_ROOMS names no directory")
        return 1
    _surfaces(root)
    _depth(root)
    _kinds(root)
    return 0


def _surfaces(root: Path) -> None:
    totals, guess = np.zeros((5, 5), dtype=np.int64), np.zeros((5, 5), dtype=np.int64)
    sure, right, seconds = [], [], []
    print(f"{'intersection over union':26}" + "".join(f"{name:>10}" for name in SURFACES) + "      mean  accuracy")
    for photo in ground_truth.labelled(root):
        assert photo.surfaces is not None
        start = time.perf_counter()
        analysis = roomnet.analyse(photo.rgb)
        seconds.append(time.perf_counter() - start)
        found = ground_truth.from_ade20k(analysis.labels)
        known = photo.surfaces != ground_truth.UNLABELLED
        building = known & (found != SURFACES.index("furniture"))  # furniture is more than one label
        sure.append(analysis.confidence[building])
        right.append((found == photo.surfaces)[building])
        counts = scores.confusion(photo.surfaces, found)
        totals += counts
        guess += scores.confusion(photo.surfaces, by_position(photo.surfaces.shape))
        _row(photo.name, counts)
    _row("all pixels", totals)
    _row("by position alone", guess)
    print(f"calibration error of the building {scores.calibration(sure, right):.3f}")
    print(f"seconds a photo {np.median(seconds):.2f}\n")


def _row(name: str, counts: NDArray[np.int64]) -> None:
    values = scores.intersection_over_union(counts)
    cells = "".join(f"{value:10.2f}" for value in (*values, np.nanmean(values), scores.accuracy(counts)))
    print(f"{name:26}{cells}")


def _depth(root: Path) -> None:
    print(f"{'depth':26}    AbsRel  Spearman    by row alone")
    rows = []
    for photo in ground_truth.with_depth(root):
        assert photo.depth is not None
        height, width = photo.depth.shape
        ramp = np.repeat(np.linspace(0, 1, height, dtype=np.float32)[:, None], width, axis=1)
        found = roomnet.analyse(photo.rgb).inverse_depth
        rows.append((*scores.depth_errors(photo.depth, found), *scores.depth_errors(photo.depth, ramp)))
        print(f"{photo.name:26}" + "".join(f"{value:10.3f}" for value in rows[-1]))
    print(f"{'mean':26}" + "".join(f"{value:10.3f}" for value in np.mean(rows, axis=0)) + "\n")


def _kinds(root: Path) -> None:
    counts: dict[str, list[bool]] = {}
    rooms = []
    for kind, photo in ground_truth.typed(root):
        analysis = roomnet.analyse(photo.rgb)
        best = max(analysis.rooms, key=lambda room: analysis.rooms[room])
        counts.setdefault(kind, []).append(best == kind)
        rooms.append(analysis.room_probability)
    for kind, hits in counts.items():
        print(f"room type {kind:16}{np.mean(hits):10.2f} of {len(hits)}")
    print(f"called a room (≥ 0.5)     {np.mean(np.array(rooms) >= 0.5):10.2f}, lowest {np.min(rooms):.2f}")


if __name__ == "__main__":
    sys.exit(main())
