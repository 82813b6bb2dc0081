"""The small network: from a photo to what is where, how far away, and in what kind of room.

Graph and weights lie in `weights/` beside this file; `training/` makes them. ONNX Runtime runs them, one session a
process, loaded when it is first needed.
"""

import json
from dataclasses import dataclass
from functools import cache
from math import log
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from roomnet.picture import RGB, Plane
from roomnet.vocabulary import Ade, Room

GRAPH: Final = Path(__file__).parent / "weights" / "roomnet.onnx"
WEIGHTS: Final = GRAPH.with_suffix(".safetensors")

THREADS: Final = 2
"""Of a process; more help little at this size and take cores from others."""
STEP: Final = 32
"""Height and width are multiples of it."""
AREA: Final = 256 * 192
"""Pixels that the network looks at, about: what it was trained on."""
LONGEST: Final = 768
"""Pixels: a panorama is rather squeezed than made longer than this."""


class WeightsMissingError(RuntimeError):
    """The package is not complete; the message names the file."""


@dataclass(frozen=True, kw_only=True)
class Glance:
    """What the network says of a photo, at the network's own size."""

    groups: NDArray[np.float32]
    """G×h×w probabilities that sum to 1 over G; group g stands for `Network.classes[g]`."""

    inverse_depth: Plane
    """h×w, near is large; scale and shift are free."""

    rooms: dict[Room, float]
    """Probabilities that sum to 1."""


class Network:
    """Graph and weights, loaded."""

    def __init__(self) -> None:
        """Raises WeightsMissingError."""
        for file in (GRAPH, WEIGHTS):
            if not file.is_file():
                raise WeightsMissingError(
                    f"{file} is missing: install roomnet again, or make it with training/ (see its README)"
                )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        options.inter_op_num_threads = 1
        # between two photos its threads shall sleep, not spin
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(GRAPH), options, providers=["CPUExecutionProvider"])
        about = self._session.get_modelmeta().custom_metadata_map
        self.revision = str(about["revision"])
        """Of the weights: the first digits of their SHA-256."""
        self.classes = tuple(Ade(index) for index in json.loads(about["ade20k"]))
        """The class of ADE20K that stands for each group."""
        self._rooms = tuple(Room(name) for name in json.loads(about["room_types"]))

    def look(self, photo: RGB, *, mirrored: bool = True) -> Glance:
        """Looks at a photo and, unless told otherwise, at its mirror image too, and takes the mean."""
        small = _resized(photo)
        groups, inverse_depth, rooms = self._run(small)
        if mirrored:
            other = self._run(np.ascontiguousarray(small[:, ::-1]))
            groups = _mean(groups, other[0][..., ::-1])
            inverse_depth = _mean(inverse_depth, other[1][:, ::-1])
            rooms = _mean(rooms, other[2])
        return Glance(
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
def fitting_size(width: int, height: int) -> tuple[int, int]:
    """The size, of those that the network takes, that changes form and area of a photo the least."""
    form = log(width / height)
    sides = range(STEP, LONGEST + 1, STEP)
    return min(
        ((across, down) for across in sides for down in sides),
        key=lambda size: 2 * abs(log(size[0] / size[1]) - form) + abs(log(size[0] * size[1] / AREA)),
    )


def _mean(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((one + other) / 2, dtype=np.float32)


def _resized(photo: RGB) -> RGB:
    size = fitting_size(photo.shape[1], photo.shape[0])
    shrinks = size[0] * size[1] < photo.shape[0] * photo.shape[1]
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR))
