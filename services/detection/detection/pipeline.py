"""From an engine's candidates to objects that a caller can rely on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from detection.domain import Candidate, Query
from detection.engine import Engine
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import EngineInfo

DUPLICATE_OVERLAP = 0.7
"""Two candidates of one label that overlap by more (intersection over the smaller area) are one thing."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """An answer."""

    objects: Mapping[str, Candidate]
    """By id, most confident first."""

    engine: EngineInfo
    """Who found them, with those of its models that ran."""


class Pipeline:
    """Detects, filters, merges, names."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def detect(self, photo: RGB, query: Query) -> Found:
        """The objects that the query asks for; ids count by size within a label."""
        candidates = await self.engine.detect(photo, masks=query.masks)
        found = named(distinct(candidates))
        objects = {
            id_: one
            for id_, one in sorted(found.items(), key=lambda item: -item[1].confidence)
            if (not query.labels or one.label in query.labels) and one.confidence >= query.min_confidence
        }
        return Found(objects=objects, engine=_that_ran(self.engine.info, candidates))


def distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Drops every candidate that a more confident one of its label covers."""
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda candidate: -candidate.confidence):
        same = (other for other in kept if other.label == candidate.label)
        if all(_overlap(candidate, other) <= DUPLICATE_OVERLAP for other in same):
            kept.append(candidate)
    return kept


def named(candidates: Sequence[Candidate]) -> dict[str, Candidate]:
    """Candidates by id, their label and rank: the largest sofa is `sofa-1`, whatever else was asked for."""
    ranks: Counter[str] = Counter()
    found = {}
    for candidate in sorted(candidates, key=lambda candidate: (-candidate.box.area, candidate.box.left)):
        ranks[candidate.label] += 1
        found[f"{candidate.label}-{ranks[candidate.label]}"] = candidate
    return found


def _overlap(one: Candidate, other: Candidate) -> float:
    width = min(one.box.right, other.box.right) - max(one.box.left, other.box.left)
    height = min(one.box.bottom, other.box.bottom) - max(one.box.top, other.box.top)
    smaller = min(one.box.area, other.box.area)
    return max(0.0, width) * max(0.0, height) / smaller if smaller > 0 else 0.0


def _that_ran(info: EngineInfo, candidates: Sequence[Candidate]) -> EngineInfo:
    """Without what turns boxes into masks, where no mask was made: all models after the first, which finds."""
    made = any(candidate.mask is not None for candidate in candidates)
    return info if made else replace(info, models=info.models[:1])
