"""What each step of roomnet's earns on the labelled photos of `MODOMO_ROOMS`: `python -m tools.eval_rooms.ablation`."""

import os
import sys
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from time import process_time

import numpy as np

import roomnet
from roomnet.analysis import Step
from tools.eval_rooms import collection, ground_truth, scores
from tools.eval_rooms.collection import NothingToEvaluateError
from tools.eval_rooms.ground_truth import SURFACES, UNLABELLED, Photo, UnreadableError


def main() -> int:
    """Prints a Markdown table; 2 where there is nothing to evaluate."""
    try:
        photos = list(_labelled(Path(os.environ.get("MODOMO_ROOMS") or "MODOMO_ROOMS is not set")))
    except NothingToEvaluateError as error:
        print(error, file=sys.stderr)
        return 2
    names = [*SURFACES, "mean", "accuracy", "calibration error", "ms of a core"]
    print(f"| | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
    print(_row("everything", photos, without=frozenset()))
    for step in Step:
        print(_row(f"without {step}", photos, without={step}))
    print(_row("the network alone", photos, without=frozenset(Step)))
    return 0


def _labelled(root: Path) -> Iterator[Photo]:
    for source in collection.find(root).sources:
        if source.ade20k is None and source.nyu40 is None:
            continue
        try:
            yield ground_truth.read(source)
        except UnreadableError as error:
            print(error, file=sys.stderr)


def _row(name: str, photos: Sequence[Photo], *, without: AbstractSet[Step]) -> str:
    counts = np.zeros((5, 5), dtype=np.int64)
    sure, right, seconds = [], [], []
    for photo in photos:
        if photo.surfaces is None:
            continue
        start = process_time()
        analysis = roomnet.analyse(photo.rgb, without=without)
        seconds.append(process_time() - start)
        found = ground_truth.from_ade20k(analysis.labels)
        counts += scores.confusion(photo.surfaces, found)
        building = (photo.surfaces != UNLABELLED) & (found != SURFACES.index("furniture"))
        sure.append(analysis.confidence[building])
        right.append((found == photo.surfaces)[building])
    figures = scores.segmentation(counts)
    values = [figures[f"{surface}_iou"] for surface in SURFACES]
    values += [figures["mean_iou"], figures["accuracy"], scores.calibration(sure, right)]
    return f"| {name} | {' | '.join(f'{value:.3f}' for value in values)} | {np.median(seconds) * 1000:.0f} |"


if __name__ == "__main__":
    sys.exit(main())
