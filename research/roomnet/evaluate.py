"""Tells how good weights are: `python -m research.roomnet.evaluate --rooms DIR --out DIR NAME=roomnet.safetensors…`.

On rendered rooms that training did not see, plain and made hard; and on real photos with ground truth where
`MODOMO_ROOMS` names some. Writes `report.json` and `report.md`. With `--calibrate` the weights are given the
temperature at which their confidence is right on hard rendered rooms.
"""

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from safetensors.torch import load_file, save_file

from research.roomnet import dataset
from research.roomnet.borders import gradient, ranking
from research.roomnet.export import load
from research.roomnet.network import groups, judgement
from research.roomnet.network.batches import sides
from research.roomnet.network.model import RoomNet
from research.roomnet.network.shards import read
from research.roomnet.network.store import Store
from research.roomnet.rooms.random import ROOM_TYPES
from research.roomnet.train import capacity

AREA = 256 * 192
"""Pixels that a network of scale 1 is shown of a photo."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m research.roomnet.evaluate", description="Measures trained networks."
    )
    parser.add_argument("weights", nargs="+", metavar="NAME=FILE")
    parser.add_argument("--rooms", type=Path, required=True, help="rooms-*.npz that training did not see")
    parser.add_argument("--limit", type=int, help="use no more rooms than that")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--calibrate", action="store_true", help="writes the temperature into the files")
    wanted = parser.parse_args(arguments)
    named = dict(one.partition("=")[::2] for one in wanted.weights)
    missing = [path for path in named.values() if not Path(path).is_file()]
    if missing:
        parser.error(f"no such file: {', '.join(missing)}; weights are given as NAME=FILE")
    try:
        store = stored(wanted.rooms, wanted.limit)
    except ValueError as error:
        parser.error(str(error))
    report = {}
    for name, path in named.items():
        report[name] = judged(Path(path), store, calibrate=wanted.calibrate)
        wanted.out.mkdir(parents=True, exist_ok=True)
        (wanted.out / "report.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
        (wanted.out / "report.md").write_text(table(report), encoding="utf-8")
    Console().print(table(report), soft_wrap=True)


def table(report: Mapping[str, Mapping[str, Any]]) -> str:
    """A row for every network in Markdown; shares of 1."""
    rows = [
        "| weights | | wall | floor | ceiling | window | furniture | mean IoU | pixels right | depth AbsRel | Spearman "
        "| room type | calibration error |",
        "|" + "---|" * 13,
    ]
    for name, judged in report.items():
        for where in ("rendered", "hard", "real"):
            if where in judged:
                marks = judged[where]
                values = [
                    *marks["surfaces"].values(),
                    *(marks.get(key) for key in ("mean_iou", "accuracy", "depth_error", "spearman", "room_type")),
                    marks.get("calibration"),
                ]
                cells = " | ".join("" if value is None else f"{value:.3f}" for value in values)
                rows.append(f"| {name} | {where} | {cells} |")
    return "\n".join(rows) + "\n"


def stored(rooms: Path, limit: int | None) -> Store:
    """Rooms to judge by; raises ValueError where the folder has none."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    paths = list(dataset.shards(rooms))
    if not paths:
        raise ValueError(f"{rooms} holds no rooms-*.npz; make some with `python -m research.roomnet.generate`")
    store = Store(capacity(rooms, limit, None), device)
    for path in paths:
        if len(store) < store.capacity:
            store.add(read(path))
    return store


def judged(path: Path, store: Store, *, calibrate: bool = False) -> dict[str, Any]:
    """Marks on rendered rooms, hard ones and real photos, and what the file says of itself; at the size trained at."""
    network, known = load(path)
    if calibrate:
        heat = judgement.temperature(network.to(store.device), store, scale=float(known.get("scale", "1.0")))
        known["temperature"] = f"{heat}"
        partial = path.with_suffix(".partial")  # the tensors are mapped from the file itself
        save_file(load_file(path), partial, metadata=known)
        partial.replace(path)
    heat = float(known.get("temperature", "1.0"))
    network = network.to(store.device)
    scale = float(known.get("scale", "1.0"))
    marks: dict[str, Any] = {
        "about": known,
        "rendered": asdict(judgement.judge(network, store, temperature=heat, scale=scale)),
        "hard": asdict(judgement.judge(network, store, temperature=heat, scale=scale, hard=True)),
    }
    real = _real(network, heat, scale)
    return marks | ({"real": real} if real else {})


def _real(network: RoomNet, temperature: float, scale: float) -> dict[str, Any] | None:
    """Photos with ground truth; None where there are none."""
    if not os.environ.get("MODOMO_ROOMS"):
        return None
    from tools.eval_rooms import collection, ground_truth, scores  # noqa: PLC0415 - needs the services' packages

    counts = np.zeros((len(groups.SURFACES), len(groups.SURFACES)), np.int64)
    sure, right, depth, kinds, borders = [], [], [], [], []
    for source in collection.find(Path(os.environ["MODOMO_ROOMS"])).sources:
        photo = ground_truth.read(source)
        chances, inverse, rooms, other = _seen(network, photo.rgb, temperature, scale)
        if photo.surfaces is not None:
            found = chances.argmax(axis=2).astype(np.uint8)
            counts += scores.confusion(photo.surfaces, found)
            known = photo.surfaces != ground_truth.UNLABELLED
            sure.append(chances.max(axis=2)[known])
            right.append((found == photo.surfaces)[known])
            shape = other.shape[::-1]
            labels = cv2.resize(photo.surfaces, shape, interpolation=cv2.INTER_NEAREST_EXACT).astype(np.uint8)
            picture = cv2.resize(photo.rgb, shape, interpolation=cv2.INTER_AREA).astype(np.uint8)
            borders.append([ranking(one, labels) for one in (other, gradient(picture))])
        if photo.depth is not None:
            depth.append(scores.depth_errors(photo.depth, inverse))
        if photo.room_type is not None:
            kinds.append(photo.room_type == ROOM_TYPES[int(rooms.argmax())])
    overlaps = scores.intersection_over_union(counts)
    return {
        "surfaces": dict(zip(groups.SURFACES, overlaps.tolist(), strict=True)),
        "mean_iou": float(np.nanmean(overlaps)),
        "accuracy": scores.accuracy(counts),
        "depth_error": float(np.nanmean([error for error, _ in depth])) if depth else None,
        "spearman": float(np.nanmean([rank for _, rank in depth])) if depth else None,
        "room_type": float(np.mean(kinds)) if kinds else None,
        "calibration": scores.calibration(sure, right) if sure else None,
        "borders": dict(zip(("network", "gradient"), np.nanmean(borders, axis=0).tolist(), strict=True)),
        "photos": {"labelled": len(sure), "with_depth": len(depth), "typed": len(kinds)},
    }


@torch.no_grad()
def _seen(
    network: RoomNet, photo: NDArray[np.uint8], temperature: float, scale: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Chances of the five surfaces and inverse depth in the photo's size, of room types, and of borders as it says."""
    height, width = photo.shape[:2]
    rows, columns = sides(height, width, scale * (AREA / (height * width)) ** 0.5)
    small = cv2.resize(photo, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    device = next(network.parameters()).device
    said = network(torch.from_numpy(small).permute(2, 0, 1)[None].to(device))
    chances = (said.labels / temperature).softmax(dim=1)[0].cpu()
    merged = torch.zeros(len(groups.SURFACES), *chances.shape[1:])
    merged.index_add_(0, torch.from_numpy(groups.surfaces()).long(), chances)
    full = cv2.resize(merged.permute(1, 2, 0).numpy(), (width, height), interpolation=cv2.INTER_LINEAR)
    inverse = cv2.resize(said.inverse_depth[0, 0].cpu().numpy(), (width, height), interpolation=cv2.INTER_LINEAR)
    other = (1 - said.same[0].sigmoid()).amax(dim=0).cpu().numpy()
    return full.astype(np.float32), inverse.astype(np.float32), said.room[0].softmax(dim=0).cpu().numpy(), other


if __name__ == "__main__":
    main()
