"""The analysis of a photo, from pixels to labels, depth and room type."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from roomnet import decision, depth, horizon, network, picture, refinement, rooms
from roomnet.horizon import Horizon
from roomnet.picture import RGB
from roomnet.vocabulary import Room

FINE_SIDE: Final = 512
"""Long side, in pixels, at which regions are fitted to the photo's edges; larger photos take them over from there."""

RULES: Final = "8"
"""Changes whenever the steps after the network do."""


class Step(StrEnum):
    """What is done beside one pass of the network; each can be left out, to measure what it is worth."""

    AUGMENTATION = "augmentation"
    """Test-time augmentation: the network also sees mirror images of other sizes, and all answers are averaged."""
    EDGES = "edges"
    """Probabilities follow the photo's edges."""
    GEOMETRY = "geometry"
    """The network's depth is fitted to the floor, and mixed with the depth of the room's planes."""


@dataclass(frozen=True, kw_only=True)
class RoomAnalysis:
    """What a photo shows, at its own size."""

    labels: NDArray[np.uint8]
    """H×W ADE20K indices, 0–149; of those in roomnet.vocabulary.Ade."""

    confidence: NDArray[np.float32]
    """H×W probability that the label is right, 0–1: for parts of the building, that the surface is (floor and rug count
    as one, window and door too); for objects, that their kind is; see decision.confidence."""

    inverse_depth: NDArray[np.float32]
    """H×W, positive, up to scale and shift: near is large."""

    rooms: Mapping[Room, float]
    """Probability of every kind of room; they sum to 1."""

    room_probability: float
    """That the photo shows a room at all, 0–1."""

    horizon: Horizon
    """Where the camera's horizon lies, and how certain that is."""


def revision() -> str:
    """Changes whenever the same photo would get another analysis; raises WeightsMissingError."""
    return f"{network.load().revision}-{RULES}"


def analyse(photo: RGB, *, without: AbstractSet[Step] = frozenset()) -> RoomAnalysis:
    """Analyses a photo (H×W×3 uint8 sRGB, any size from 16 pixels); the same photo gives the same answer.

    Raises ValueError for another shape or type, WeightsMissingError where the package is not complete.
    """
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8:
        raise ValueError(f"expected H×W×3 uint8, got {photo.shape} {photo.dtype}")
    model = network.load()
    prediction = model.predict(photo, augmented=Step.AUGMENTATION not in without)
    small, fine = picture.prepare(photo), picture.reduced(photo, FINE_SIDE)
    coarse = decision.merge_rare_classes(prediction.groups, model.classes)
    follow = refinement.resized if Step.EDGES in without else refinement.follow_edges
    posterior = coarse.replaced(follow(refinement.resized(coarse.values, small.rgb), fine))
    labels = decision.decide(posterior)
    predicted = decision.by_surface(coarse)
    confidence = decision.confidence(labels, refinement.resized(predicted, fine), posterior)
    level = horizon.find(small)
    inverse_depth = prediction.inverse_depth
    if Step.GEOMETRY not in without:
        surfaces = decision.surfaces(refinement.enlarged_labels(labels, small.shape))
        sure = refinement.enlarged(predicted.max(axis=0), small.shape)
        inverse_depth = depth.fitted(inverse_depth, surfaces, sure, level)
    shape = (photo.shape[0], photo.shape[1])
    return RoomAnalysis(
        labels=refinement.enlarged_labels(labels, shape),
        confidence=refinement.enlarged(confidence, shape),
        inverse_depth=refinement.enlarged(depth.positive(inverse_depth), shape),
        rooms=prediction.rooms,
        room_probability=rooms.room_probability(fine, prediction.groups.max(axis=0)),
        horizon=level,
    )
