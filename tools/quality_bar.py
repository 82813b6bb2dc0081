"""What the quality score makes of published restylings and of results that are none: `python -m tools.quality_bar`.

Reads the folder of rooms (`MODOMO_ROOMS`, or its path as the argument): `pairs/*_before.jpg` and `*_after.jpg` are
published results beside the photos that they were made of, `more/` holds other rooms. Bad results are made of the good
ones: shifted, enlarged, mirrored, blurred, or another room in their place. Prints a table of the overall score, and of
each room what it gets from a bar that was set without it.

The score's own constants were chosen with sight of all pairs, and of every twelfth photo of `more/` from the first; the
photos used here are others.
"""

import argparse
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

import roomnet
from controlmaps import assess, structure
from controlmaps.domain import Layout, Pair, Segmentation
from servicekit.imaging.arrays import RGB

GOOD: Final = "published result"
OTHERS: Final = slice(6, None, 12)
"""Photos of other rooms: none that the constants were chosen with."""
DEEPLAB_SIDE: Final = 513

Segmenter = Callable[[RGB], Segmentation]


@dataclass(frozen=True, kw_only=True)
class Score:
    """The overall score of one result."""

    room: str
    kind: str
    overall: float
    structure: float
    sharpness: float

    @property
    def good(self) -> bool:
        """Whether it is one that should pass."""
        return self.kind == GOOD


def scores(rooms: Path, segment: Segmenter) -> Iterator[Score]:
    """Every pair, as published and spoilt in each way."""
    others = [_read(file) for file in sorted((rooms / "more").glob("*.jpg"))[OTHERS]]
    for file in sorted((rooms / "pairs").glob("*_before.jpg")):
        before = _read(file)
        after = _read(file.with_name(file.name.replace("_before", "_after")))
        room = file.name.rsplit("_", 2)[0]
        results = [(GOOD, after), *_spoilt(after), *(("another room", _filling(one, before)) for one in others)]
        original = _layout(before, segment)
        for kind, result in results:
            pair = Pair(original=before, result=result, kept=None, palette=np.zeros((0, 3), np.uint8))
            found = assess.score(pair, original, _layout(result, segment))
            yield Score(
                room=room, kind=kind, overall=found.overall, structure=found.structure, sharpness=found.sharpness
            )


def bar(found: list[Score]) -> float:
    """Halfway between the worst good result and the best bad one."""
    return (min(one.overall for one in found if one.good) + max(one.overall for one in found if not one.good)) / 2


def table(found: list[Score]) -> str:
    """Markdown: the scores of each kind, and what rooms get from a bar that was set without them."""
    lines = ["| result | number | overall, least | median | most | structure, median | sharpness, median |"]
    lines.append(f"|{'---|' * 7}")
    for kind in dict.fromkeys(one.kind for one in found):
        own = [one for one in found if one.kind == kind]
        overall = [one.overall for one in own]
        means = [median(overall), max(overall), median(o.structure for o in own), median(o.sharpness for o in own)]
        lines.append(f"| {kind} | {len(own)} | {min(overall):.2f} | {' | '.join(f'{mean:.2f}' for mean in means)} |")
    lines += [
        "",
        "| room left out | bar without it | its good above | its bad below |",
        "|---|---|---|---|",
    ]
    for room in dict.fromkeys(one.room for one in found):
        inside, outside = [o for o in found if o.room == room], [o for o in found if o.room != room]
        least = bar(outside)
        good, bad = [o for o in inside if o.good], [o for o in inside if not o.good]
        above, below = (sum((o.overall >= least) == o.good for o in part) for part in (good, bad))
        lines.append(f"| {room} | {least:.2f} | {above} of {len(good)} | {below} of {len(bad)} |")
    lines += ["", f"Halfway between the worst good result and the best bad one over all rooms: {bar(found):.2f}"]
    return "\n".join(lines)


def lite(picture: RGB) -> Segmentation:
    """By the network of the lite engine."""
    found = roomnet.analyse(picture)
    return Segmentation(labels=found.labels, confidence=found.confidence)


def deeplab(file: Path) -> Segmenter:
    """By a DeepLab in TensorFlow Lite's format: 513 pixels, −1 to 1, and 151 logits, ADE20K's after one for none."""
    litert: Any = import_module("ai_edge_litert.interpreter")  # only where asked for

    network = litert.Interpreter(model_path=str(file), num_threads=1)
    network.allocate_tensors()
    taken, given = network.get_input_details()[0]["index"], network.get_output_details()[0]["index"]

    def segment(picture: RGB) -> Segmentation:
        pixels = cv2.resize(picture, (DEEPLAB_SIDE, DEEPLAB_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
        network.set_tensor(taken, pixels[None] / 127.5 - 1)
        network.invoke()
        logits = network.get_tensor(given)[0][..., 1:]
        likely = np.exp(logits - logits.max(axis=2, keepdims=True))
        confidence = (likely.max(axis=2) / likely.sum(axis=2)).astype(np.float32)
        size = picture.shape[1::-1]
        labels = cv2.resize(logits.argmax(axis=2).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        return Segmentation(labels=np.asarray(labels, np.uint8), confidence=_plane(cv2.resize(confidence, size)))

    return segment


def _spoilt(result: RGB) -> Iterator[tuple[str, RGB]]:
    height, width = result.shape[:2]
    for share in (0.06, 0.1):
        yield "shifted", _moved(result, np.array([[1, 0, share * width], [0, 1, 0]]))
        yield "shifted", _moved(result, np.array([[1, 0, 0], [0, 1, share * height]]))
    yield "enlarged", _moved(result, np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), 0, 1.15), np.float64))
    yield "mirrored", np.ascontiguousarray(result[:, ::-1])
    # as blurred on a picture of 512 pixels, whatever the size
    for sigma in (2.0, 3.0):
        yield "blurred", np.asarray(cv2.GaussianBlur(result, (0, 0), sigma * max(height, width) / 512), dtype=np.uint8)


def _moved(picture: RGB, matrix: NDArray[np.float64]) -> RGB:
    size = picture.shape[1::-1]
    return np.asarray(cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REFLECT), dtype=np.uint8)


def _filling(photo: RGB, like: RGB) -> RGB:
    """The middle of a photo, of another's size."""
    height, width = like.shape[:2]
    scale = max(height / photo.shape[0], width / photo.shape[1])
    size = max(width, round(photo.shape[1] * scale)), max(height, round(photo.shape[0] * scale))
    scaled = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    top, left = (scaled.shape[0] - height) // 2, (scaled.shape[1] - width) // 2
    return np.ascontiguousarray(scaled[top : top + height, left : left + width])


def _layout(picture: RGB, segment: Segmenter) -> Layout:
    return Layout(surfaces=segment(structure.reduced(picture)))


def _read(file: Path) -> RGB:
    picture = cv2.imread(str(file))
    if picture is None:
        raise SystemExit(f"{file} cannot be read as a picture")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _plane(values: object) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m tools.quality_bar", description=__doc__.splitlines()[0])
    parser.add_argument("rooms", nargs="?", type=Path, default=os.environ.get("MODOMO_ROOMS"))
    parser.add_argument("--deeplab", type=Path, help="segment with this network instead of the lite engine's")
    options = parser.parse_args()
    if options.rooms is None:
        parser.error("name the folder of rooms, or set MODOMO_ROOMS")
    print(table(list(scores(Path(options.rooms), deeplab(options.deeplab) if options.deeplab else lite))))


if __name__ == "__main__":
    main()
