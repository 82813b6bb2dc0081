"""From many probabilities to one label."""

import numpy as np
import pytest
from numpy.typing import NDArray

from roomnet import decision
from roomnet.decision import Beliefs
from roomnet.vocabulary import Ade, Surface

CLASSES = (Ade.WALL, Ade.FLOOR, Ade.CEILING, Ade.WINDOW, Ade.BOX, Ade.SOFA, Ade.BED, Ade.RUG, Ade.DOOR)


def everywhere(**values: float) -> NDArray[np.float32]:
    """K×4×6, the same at every pixel."""
    column = [values.get(one.name.lower(), 0.0) for one in CLASSES]
    return np.tile(np.array(column, dtype=np.float32)[:, None, None], (1, 4, 6))


def test_kinds_of_furniture_are_added_before_they_are_compared_with_the_wall() -> None:
    beliefs = Beliefs(classes=CLASSES, values=everywhere(wall=0.4, sofa=0.25, bed=0.2, box=0.15))
    labels, sure = decision.decide(beliefs)
    assert (labels == Ade.SOFA).all()
    assert sure == pytest.approx(0.25)
    assert decision.by_surface(beliefs)[Surface.OBJECT] == pytest.approx(0.6)


def test_furniture_of_no_probable_kind_is_some_object_and_surely_so() -> None:
    values = everywhere(wall=0.2, sofa=0.2, bed=0.2, box=0.2)
    chair = np.full((1, 4, 6), 0.2, dtype=np.float32)
    labels, sure = decision.decide(Beliefs(classes=(*CLASSES, Ade.CHAIR), values=np.concatenate([values, chair])))
    assert (labels == Ade.BOX).all()
    assert sure == pytest.approx(0.8)


def test_rugs_count_as_floor_and_doors_as_openings() -> None:
    labels, _sure = decision.decide(
        Beliefs(classes=CLASSES, values=everywhere(wall=0.4, rug=0.35, floor=0.2, door=0.05))
    )
    assert (labels == Ade.RUG).all()
    assert decision.surface_of(Ade.DOOR) is decision.surface_of(Ade.BLIND) is Surface.OPENING


def test_what_is_hardly_seen_falls_back_and_nothing_is_lost() -> None:
    groups = everywhere(wall=0.7, sofa=0.2985, bed=0.001, rug=0.0005)
    beliefs = decision.worth_telling(groups, CLASSES)
    assert set(beliefs.classes) == {Ade.WALL, Ade.FLOOR, Ade.CEILING, Ade.WINDOW, Ade.BOX, Ade.SOFA}
    assert beliefs.values.sum(axis=0) == pytest.approx(1)
    assert beliefs.values[beliefs.classes.index(Ade.BOX)] == pytest.approx(0.001)
    assert beliefs.values[beliefs.classes.index(Ade.FLOOR)] == pytest.approx(0.0005)
