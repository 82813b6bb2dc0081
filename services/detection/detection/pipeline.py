"""From an engine's candidates to detections that a caller can rely on."""

from collections import Counter
from collections.abc import Sequence

from detection.domain import Candidate, Detection, Query
from detection.engine import Engine
from servicekit.imaging.arrays import RGB

DUPLICATE_OVERLAP = 0.7
"""Two candidates of one label that overlap by more (intersection over the smaller area) are one thing."""


class Pipeline:
    """Detects, filters, merges, names."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def detect(self, photo: RGB, query: Query) -> list[Detection]:
        """Detections that the query asks for, most confident first; ids count by size within a label."""
        candidates = distinct(await self.engine.detect(photo, masks=query.masks))
        wanted = [
            found
            for found in named(candidates)
            if (not query.labels or found.candidate.label in query.labels)
            and found.candidate.confidence >= query.min_confidence
        ]
        return sorted(wanted, key=lambda found: -found.candidate.confidence)


def distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Drops every candidate that a more confident one of its label covers."""
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda candidate: -candidate.confidence):
        same = (other for other in kept if other.label == candidate.label)
        if all(_overlap(candidate, other) <= DUPLICATE_OVERLAP for other in same):
            kept.append(candidate)
    return kept


def named(candidates: Sequence[Candidate]) -> list[Detection]:
    """Names candidates by label and rank: the largest sofa is `sofa-1`, whatever else was asked for."""
    ranks: Counter[str] = Counter()
    detections = []
    for candidate in sorted(candidates, key=lambda candidate: (-candidate.box.area, candidate.box.left)):
        ranks[candidate.label] += 1
        detections.append(Detection(id=f"{candidate.label}-{ranks[candidate.label]}", candidate=candidate))
    return detections


def _overlap(one: Candidate, other: Candidate) -> float:
    width = min(one.box.right, other.box.right) - max(one.box.left, other.box.left)
    height = min(one.box.bottom, other.box.bottom) - max(one.box.top, other.box.top)
    smaller = min(one.box.area, other.box.area)
    return max(0.0, width) * max(0.0, height) / smaller if smaller > 0 else 0.0
