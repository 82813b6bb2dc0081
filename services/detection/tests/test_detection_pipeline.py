"""What the pipeline makes of an engine's candidates."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from detection.domain import Box, Candidate, Query
from detection.pipeline import Pipeline
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import EngineInfo, Model
from servicekit.types.objects import ObjectLabel

PHOTO = np.zeros((20, 20, 3), dtype=np.uint8)
MODELS = (Model(name="finds boxes", revision="1"), Model(name="makes masks", revision="1"))


class Fixed:
    """An engine that finds what it is told."""

    def __init__(self, *candidates: Candidate) -> None:
        self._candidates = candidates

    @property
    def info(self) -> EngineInfo:
        return EngineInfo(name="fixed", models=MODELS)

    async def load(self) -> None:
        return

    async def detect(self, photo: RGB, *, masks: bool) -> Sequence[Candidate]:
        return self._candidates

    async def close(self) -> None:
        return


def candidate(label: ObjectLabel, confidence: float, left: float, width: float = 4, height: float = 4) -> Candidate:
    return Candidate(label=label, confidence=confidence, box=Box(left=left, top=0, right=left + width, bottom=height))


async def ids(*candidates: Candidate, labels: frozenset[ObjectLabel] = frozenset(), least: float = 0) -> list[str]:
    query = Query(labels=labels, min_confidence=least, masks=False)
    return list((await Pipeline(Fixed(*candidates)).detect(PHOTO, query)).objects)


async def test_largest_of_a_label_is_number_one_whatever_its_confidence() -> None:
    small = candidate(ObjectLabel.SOFA, 0.9, 0)
    large = candidate(ObjectLabel.SOFA, 0.4, 10, width=8)
    assert await ids(small, large) == ["sofa-2", "sofa-1"]
    assert await ids(large, small) == ["sofa-2", "sofa-1"]


async def test_ids_do_not_depend_on_what_is_filtered_out() -> None:
    small = candidate(ObjectLabel.SOFA, 0.9, 0)
    large = candidate(ObjectLabel.SOFA, 0.4, 10, width=8)
    assert await ids(small, large, least=0.5) == ["sofa-2"]


async def test_equally_large_ones_are_counted_from_the_left() -> None:
    right = candidate(ObjectLabel.CHAIR, 0.9, 10)
    left = candidate(ObjectLabel.CHAIR, 0.5, 0)
    assert await ids(right, left) == ["chair-2", "chair-1"]


async def test_duplicates_of_one_label_become_the_surer_one() -> None:
    sure = candidate(ObjectLabel.BED, 0.9, 0, width=10)
    inside = candidate(ObjectLabel.BED, 0.8, 1, width=8)
    assert await ids(inside, sure) == ["bed-1"]


async def test_other_labels_and_neighbours_are_no_duplicates() -> None:
    bed = candidate(ObjectLabel.BED, 0.9, 0, width=10)
    cushion = candidate(ObjectLabel.CUSHION, 0.8, 1)
    second = candidate(ObjectLabel.BED, 0.7, 9, width=10)
    assert await ids(bed, cushion, second) == ["bed-1", "cushion-1", "bed-2"]


async def test_only_labels_asked_for_come() -> None:
    bed, lamp = candidate(ObjectLabel.BED, 0.9, 0), candidate(ObjectLabel.LAMP, 0.8, 9)
    assert await ids(bed, lamp, labels=frozenset({ObjectLabel.LAMP})) == ["lamp-1"]


async def test_empty_boxes_do_no_harm() -> None:
    nothing = candidate(ObjectLabel.BED, 0.9, 0, width=0)
    assert await ids(nothing, candidate(ObjectLabel.BED, 0.8, 0)) == ["bed-2", "bed-1"]


async def test_what_makes_masks_is_named_only_where_it_made_some() -> None:
    query = Query(labels=frozenset({ObjectLabel.LAMP}), min_confidence=0, masks=True)
    boxed = candidate(ObjectLabel.BED, 0.9, 0)
    masked = replace(boxed, mask=np.ones((20, 20), dtype=np.bool_))
    for candidates, expected in (((), MODELS[:1]), ((boxed,), MODELS[:1]), ((masked,), MODELS)):
        found = await Pipeline(Fixed(*candidates)).detect(PHOTO, query)
        assert not found.objects
        assert found.engine == EngineInfo(name="fixed", models=expected)
