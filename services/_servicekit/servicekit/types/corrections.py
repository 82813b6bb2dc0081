"""What somebody who has looked says of places in a photo."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from modomo.type.v1 import correction_pb2 as pb

MAX_CORRECTIONS: Final = 32
"""In one request."""


class CorrectionLabel(StrEnum):
    """What is there."""

    WALL = "wall"
    FLOOR = "floor"
    CEILING = "ceiling"
    LEAVE = "leave"
    """What is to stay as it was."""


@dataclass(frozen=True, kw_only=True)
class Correction:
    """A place in the upright photo, and what is there."""

    x: float
    """In shares of the width, 0–1, from the left."""
    y: float
    """In shares of the height, 0–1, from the top."""
    label: CorrectionLabel


@dataclass(frozen=True, kw_only=True)
class AppliedCorrection:
    """A correction as it was understood."""

    correction: Correction
    area: float
    """Share of the picture that it was taken for, 0–1."""


def correction_from_proto(message: pb.Correction) -> Correction:
    """A correction of a message; raises ValueError for a label or a place that there is not."""
    if not (0.0 <= message.x <= 1.0 and 0.0 <= message.y <= 1.0):
        raise ValueError("x and y must lie in 0–1")
    name = pb.CorrectionLabel.Name(message.label).removeprefix("CORRECTION_LABEL_").lower()
    return Correction(x=message.x, y=message.y, label=CorrectionLabel(name))


def correction_to_proto(correction: Correction) -> pb.Correction:
    """A correction as a message."""
    label = pb.CorrectionLabel.Value(f"CORRECTION_LABEL_{correction.label.name}")
    return pb.Correction(x=correction.x, y=correction.y, label=label)


def applied_to_proto(applied: AppliedCorrection) -> pb.AppliedCorrection:
    """What a correction was taken for, as a message."""
    return pb.AppliedCorrection(correction=correction_to_proto(applied.correction), area=applied.area)


def applied_from_proto(message: pb.AppliedCorrection) -> AppliedCorrection:
    """What a correction was taken for, of a message; raises ValueError as `correction_from_proto`."""
    return AppliedCorrection(correction=correction_from_proto(message.correction), area=message.area)
