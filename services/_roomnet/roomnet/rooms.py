"""Whether a photo shows a room at all: whether it is as photos of rooms are.

No picture of anything else was there to learn from, so only rooms are described: one Gaussian over three measures, and
how far a photo lies outside of it (one-class classification by Mahalanobis distance; Tax, "One-class classification",
2001). A photo that has more straight and upright lines than most, or that the network is surer of, is not further out.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from roomnet.picture import RGB

MEAN: Final = (1.7894, 0.6311, 0.5813)
"""Of the three measures over 163 photos of rooms, as `research.roomnet.fit_room_test` found it and the next two."""
PRECISION: Final = ((3.576, 6.316, -9.81), (6.316, 96.539, -13.41), (-9.81, -13.41, 101.748))
"""Inverse of their covariance."""
LIMIT: Final = 12.35
"""Squared distance that 99 of 100 photos of rooms keep within: there the probability is one half."""

SOFTNESS: Final = 3.5
"""Probability at distance 0 is the logistic function of this."""
LONG: Final = 0.05
"""Length of a long segment, in long sides of the picture: texture has shorter ones."""
UPRIGHT_DEGREES: Final = 6.0
MIN_UPRIGHT: Final = 0.02
"""Keeps the logarithm finite where nothing is upright."""


def measures(fine: RGB, certainty: NDArray[np.float32]) -> NDArray[np.float64]:
    """What tells rooms: long upright lines, how sure the network is, how much of all line length is in long lines.

    `fine` is the photo (H×W×3), `certainty` the highest probability of each pixel's classes. The first is the logarithm
    of the length of upright lines in picture heights, the others are shares in 0–1.
    """
    found = cv2.createLineSegmentDetector().detect(cv2.cvtColor(fine, cv2.COLOR_RGB2GRAY))[0]
    segments = np.zeros((0, 4)) if found is None else np.asarray(found, dtype=np.float64).reshape(-1, 4)
    across, down = np.abs(segments[:, 2] - segments[:, 0]), np.abs(segments[:, 3] - segments[:, 1])
    length = np.hypot(across, down)
    is_long = length > LONG * max(fine.shape[:2])
    upright = is_long & (np.degrees(np.arctan2(across, down)) < UPRIGHT_DEGREES)
    return np.array(
        [
            np.log(MIN_UPRIGHT + length[upright].sum() / fine.shape[0]),
            certainty.mean(),
            length[is_long].sum() / max(length.sum(), 1.0),
        ]
    )


def distance(found: NDArray[np.float64]) -> float:
    """Squared Mahalanobis distance of three measures from those of rooms, counting only what they fall short by."""
    short = np.minimum(found - MEAN, 0)
    return float(short @ np.array(PRECISION) @ short)


def room_probability(fine: RGB, certainty: NDArray[np.float32]) -> float:
    """Probability that a photo shows a room, 0–1; arguments as of `measures`."""
    return float(1 / (1 + np.exp(SOFTNESS * (distance(measures(fine, certainty)) / LIMIT - 1))))
