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
FINE: Final = 1.5
"""Scale of the first view at least: trained at less, the network still names surfaces better there."""
LONGEST: Final = 768
"""Pixels of the longer side, at most; a panorama is squeezed."""
MARGIN: Final = 1 / 12
"""Share of the width that is margin on either side of the second view; above it is twice this share of the height."""
AUGMENTED_LABELS: Final = 0.25
AUGMENTED_DEPTH: Final = 0.75
"""Weights of the second view in both averages."""


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
        self.area = AREA * max(FINE, float(about.get("scale", "1"))) ** 2
        """Pixels of the first view, about."""
        self._rooms = tuple(Room(name) for name in json.loads(about["room_types"]))

    def predict(self, photo: RGB, *, augmented: bool = True) -> Prediction:
        """Runs the network on a photo and, with test-time augmentation, on a second view of it, and averages both.

        The second view is the mirror image at AREA, zoomed out, with its border pixels repeated above and on both
        sides. Trained on wide views of whole rooms, the network takes the sides of a narrow view for walls close by;
        further inside the picture they are judged by what they show, and coarse as it is the whole room is within the
        network's reach: depth gains. Nothing is added below, since floor lies at the lower edge of every view. The room
        type comes from the first view alone.
        """
        groups, inverse_depth, rooms = self._run(_resized(photo, self.area))
        inverse_depth = depth.unit(inverse_depth)
        if augmented:
            small = _resized(photo, AREA)
            margin, shape = _margin(small.shape), inverse_depth.shape
            other = self._run(_zoomed_out(np.ascontiguousarray(small[:, ::-1]), margin))
            groups = _mean(groups, np.stack([_inner(plane, margin, shape) for plane in other[0]]), AUGMENTED_LABELS)
            inverse_depth = _mean(inverse_depth, depth.unit(_inner(other[1], margin, shape)), AUGMENTED_DEPTH)
        return Prediction(
            groups=groups,
            inverse_depth=inverse_depth,
            rooms={room: float(value) for room, value in zip(self._rooms, rooms / rooms.sum(), strict=True)},
        )

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


def _mean(one: NDArray[np.float32], mirrored: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    return np.asarray((1 - share) * one + share * mirrored[..., ::-1], dtype=np.float32)


def _margin(shape: Sequence[int]) -> tuple[int, int]:
    """Even numbers of rows above and columns on either side."""
    return 2 * round(shape[0] * MARGIN), 2 * round(shape[1] * MARGIN / 2)


def _zoomed_out(small: RGB, margin: tuple[int, int]) -> RGB:
    """The picture reduced, with its border pixels repeated above and on both sides."""
    height, width = small.shape[:2]
    above, beside = margin
    reduced = cv2.resize(small, (width - 2 * beside, height - above), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.copyMakeBorder(reduced, above, 0, beside, beside, cv2.BORDER_REPLICATE), dtype=np.uint8)


def _inner(plane: Plane, margin: tuple[int, int], shape: tuple[int, ...]) -> Plane:
    """The network's answer, one for every second pixel, within the margins, as a plane of that shape."""
    above, beside = margin[0] // 2, margin[1] // 2
    inner = np.ascontiguousarray(plane[above:, beside : plane.shape[1] - beside])
    return np.asarray(cv2.resize(inner, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _resized(photo: RGB, area: float) -> RGB:
    size = fitting_size(photo.shape[1], photo.shape[0], area)
    shrinks = size[0] * size[1] < photo.shape[0] * photo.shape[1]
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR))
