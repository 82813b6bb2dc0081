"""The small network: from a photo to what is where, how far away, and in what kind of room.

The graph, which holds its weights and computes in 8 bits, lies in `weights/` beside this file; `research/roomnet` makes
it. ONNX Runtime runs it, one session a process, loaded when it is first needed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import log
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from roomnet import depth
from roomnet.picture import RGB, Plane
from roomnet.vocabulary import Ade, Room

FOLDER: Final = Path(__file__).parent / "weights"
"""Of `GRAPH`."""
GRAPH: Final = "roomnet.onnx"

THREADS: Final = 2
"""Of a process; more help little at this size and take cores from others."""
STEP: Final = 32
"""Height and width are multiples of it."""
AREA: Final = 256 * 192
"""Pixels of the input of a network of scale 1, about; the graph's metadata tell the scale that it was trained at."""
LONGEST: Final = 768
"""Pixels of the longer side, at most; a panorama is squeezed."""
MARGIN: Final = 1 / 12
"""Share of the width that is margin on either side of the second view; above it is twice this share of the height."""
LEAST: Final = 1e-4
"""Probabilities below it count as it: one view's certainty is no veto."""


@dataclass(frozen=True, kw_only=True)
class View:
    """One look at a photo."""

    scale: float
    """Of height and width, against an area of AREA."""
    labels: float
    """Its share in them."""
    depth: float = 0.0
    mirrored: bool = True
    wide: bool = False
    """Zoomed out, with the border pixels repeated above and on both sides."""


VIEWS: Final = (
    View(scale=2.0, labels=0.4, mirrored=False),
    View(scale=1.5, labels=0.35, depth=0.25),
    View(scale=1.0, labels=0.25, depth=0.75, wide=True),
)
"""Trained at a scale of 1, the network tells windows and small things apart better at 2, whole rooms at 1."""


class WeightsMissingError(RuntimeError):
    """The package is not complete; the message names the file."""


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The network's answer for a photo, at the network's own size."""

    groups: NDArray[np.float32]
    """G×h×w probabilities that sum to 1 over G; group g stands for `Network.classes[g]`."""

    inverse_depth: Plane
    """h×w, near is large; scale and shift are free: its mean is 0, its mean deviation 1."""

    rooms: dict[Room, float]
    """Probabilities that sum to 1."""


class Network:
    """The graph, loaded."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Raises WeightsMissingError."""
        file = folder / GRAPH
        if not file.is_file():
            raise WeightsMissingError(f"{file} is missing: install roomnet again, or make it with `make roomnet`")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        options.inter_op_num_threads = 1
        # memory is given back after each run: photos of many forms would let an arena grow with every new one
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        # between two photos its threads shall sleep, not spin
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        about = self._session.get_modelmeta().custom_metadata_map
        self.revision = str(about["revision"])
        """Of the weights: the first digits of their SHA-256."""
        self.classes = tuple(Ade(index) for index in json.loads(about["ade20k"]))
        """The class of ADE20K that stands for each group."""
        self.scale = float(about.get("scale", "1"))
        """Factor on the scale of every view: what it was trained at."""
        self._rooms = tuple(Room(name) for name in json.loads(about["room_types"]))

    def predict(self, photo: RGB, *, augmented: bool = True) -> Prediction:
        """Runs the network on a photo and, with test-time augmentation, on further VIEWS of it.

        Labels are the geometric mean of all views' (a logarithmic opinion pool: Genest and Zidek, Statistical Science
        1986): a view that is in doubt says little. The wide view serves depth most: trained on whole rooms, the network
        takes the sides of a narrow view for walls close by; further inside the picture they are judged by what they
        show, and coarse as it is the whole room is within the network's reach. Nothing is added below, since floor lies
        at the lower edge of every view. The room type comes from the first view alone.
        """
        answers = [self._seen(photo, view) for view in (VIEWS if augmented else VIEWS[:1])]
        groups, inverse_depth, rooms = answers[0]
        shape = inverse_depth.shape
        if augmented:
            logarithm, inverse_depth = np.zeros_like(groups), np.zeros_like(inverse_depth)
            for view, (seen, near, _rooms) in zip(VIEWS, answers, strict=True):
                logarithm += view.labels * np.log(np.maximum([_enlarged(plane, shape) for plane in seen], LEAST))
                inverse_depth += view.depth * depth.unit(_enlarged(near, shape))
            groups = np.exp(logarithm)
        return Prediction(
            groups=groups / groups.sum(axis=0),
            inverse_depth=depth.unit(inverse_depth),
            rooms={room: float(value) for room, value in zip(self._rooms, rooms / rooms.sum(), strict=True)},
        )

    def _seen(self, photo: RGB, view: View) -> tuple[NDArray[np.float32], Plane, NDArray[np.float32]]:
        """What `_run` says of a view, as the photo lies."""
        small = _resized(photo, AREA * (view.scale * self.scale) ** 2)
        small = np.ascontiguousarray(small[:, ::-1]) if view.mirrored else small
        margin = _margin(small.shape) if view.wide else (0, 0)
        groups, inverse_depth, room = self._run(_zoomed_out(small, margin))
        there = (..., slice(margin[0] // 2, None), slice(margin[1] // 2, inverse_depth.shape[1] - margin[1] // 2))
        groups, inverse_depth = groups[there], inverse_depth[there]
        return (groups[..., ::-1], inverse_depth[:, ::-1], room) if view.mirrored else (groups, inverse_depth, room)

    def _run(self, small: RGB) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """G×h×w groups, h×w inverse depth and T room types."""
        picture = np.ascontiguousarray(small.transpose(2, 0, 1)[None], dtype=np.float32) / np.float32(255)
        groups, inverse_depth, room = self._session.run(["groups", "inverse_depth", "room"], {"picture": picture})
        return groups[0], inverse_depth[0, 0], room[0]


@cache
def load() -> Network:
    """The process's only network; raises WeightsMissingError."""
    return Network()


@cache
def fitting_size(width: int, height: int, area: float = AREA) -> tuple[int, int]:
    """The size, of those that the network takes, that changes form and area of a photo the least."""
    form = log(width / height)
    sides = range(STEP, LONGEST + 1, STEP)
    return min(
        ((across, down) for across in sides for down in sides),
        key=lambda size: 2 * abs(log(size[0] / size[1]) - form) + abs(log(size[0] * size[1] / area)),
    )


def _margin(shape: Sequence[int]) -> tuple[int, int]:
    """Even numbers of rows above and columns on either side."""
    return 2 * round(shape[0] * MARGIN), 2 * round(shape[1] * MARGIN / 2)


def _zoomed_out(small: RGB, margin: tuple[int, int]) -> RGB:
    """The picture reduced, with its border pixels repeated above and on both sides."""
    height, width = small.shape[:2]
    above, beside = margin
    reduced = cv2.resize(small, (width - 2 * beside, height - above), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.copyMakeBorder(reduced, above, 0, beside, beside, cv2.BORDER_REPLICATE), dtype=np.uint8)


def _enlarged(plane: Plane, shape: tuple[int, ...]) -> Plane:
    plane = np.ascontiguousarray(plane)
    return np.asarray(cv2.resize(plane, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _resized(photo: RGB, area: float) -> RGB:
    size = fitting_size(photo.shape[1], photo.shape[0], area)
    shrinks = size[0] * size[1] < photo.shape[0] * photo.shape[1]
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR))
