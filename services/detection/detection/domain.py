"""What detection talks about, free of wire formats and engines."""

from dataclasses import dataclass

from servicekit.imaging.arrays import Mask
from servicekit.types.objects import ObjectLabel


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle in pixels; `right` and `bottom` lie just outside."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """In square pixels; 0 for an empty box."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Something that an engine takes for an object."""

    label: ObjectLabel

    confidence: float
    """0–1."""

    box: Box

    mask: Mask | None = None
    """Of the photo's size; None where masks were not asked for."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """What a caller looks for."""

    labels: frozenset[ObjectLabel]
    """Empty for all."""

    min_confidence: float
    """0–1; 0 leaves it to the engine."""

    masks: bool
