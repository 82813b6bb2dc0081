"""One photo understood: the whole way from pixels to labels, depth and room type."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from roomnet import (
    cues,
    depth,
    graph,
    horizon,
    objects,
    picture,
    propagation,
    refinement,
    regions,
    rooms,
    superpixels,
)
from roomnet.picture import RGB
from roomnet.vocabulary import Room

REVISION: Final = "classical-1"
"""Changes whenever the same photo would be understood differently."""

FINE_SIDE: Final = 1024
"""Long side, in pixels, at which regions are fitted to the photo's edges; larger photos take them over from there."""


@dataclass(frozen=True, kw_only=True)
class RoomAnalysis:
    """What is known of a photo, at its own size."""

    labels: NDArray[np.uint8]
    """H×W ADE20K indices, 0–149; of those in roomnet.vocabulary.Ade."""

    confidence: NDArray[np.float32]
    """H×W probability that the label is right, 0–1."""

    inverse_depth: NDArray[np.float32]
    """H×W, positive, up to scale and shift: near is large."""

    rooms: Mapping[Room, float]
    """Probability of every kind of room; they sum to 1."""

    room_probability: float
    """That the photo shows a room at all, 0–1."""


def analyse(photo: RGB) -> RoomAnalysis:
    """Understands a photo (H×W×3 uint8 sRGB, any size from 16 pixels); the same photo gives the same answer."""
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8:
        raise ValueError(f"expected H×W×3 uint8, got {photo.shape} {photo.dtype}")
    small = picture.prepare(photo)
    level = horizon.find(small)
    pixels = superpixels.partition(small)
    touching = graph.connect(small, pixels)
    reach = [regions.merge(pixels, touching, scale) for scale in regions.SCALES]
    found = propagation.propagate(pixels, touching, cues.scores(small, pixels, reach, level))
    soft = found[pixels.index]
    coarse = soft.argmax(axis=2).astype(np.uint8)
    kinds = rooms.classify(small, coarse)

    fine = picture.reduced(photo, FINE_SIDE)
    refined = refinement.follow_edges(soft, fine)
    surfaces = refinement.without_crumbs(refined.argmax(axis=2).astype(np.uint8))
    sure = np.take_along_axis(refined, surfaces[..., None].astype(np.intp), axis=2)[..., 0]
    labels, confidence = objects.name(surfaces, np.clip(sure, 0.0, 1.0), fine, kinds)
    shape = (photo.shape[0], photo.shape[1])
    return RoomAnalysis(
        labels=refinement.enlarged_labels(labels, shape),
        confidence=refinement.enlarged(confidence, shape),
        inverse_depth=refinement.enlarged(depth.inverse_depth(coarse, level), shape),
        rooms=kinds,
        room_probability=rooms.is_room(small, coarse, level.certainty),
    )
