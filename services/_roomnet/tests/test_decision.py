"""From many probabilities to one label."""

import numpy as np
import pytest
from numpy.typing import NDArray

from roomnet import decision
from roomnet.decision import Posterior
from roomnet.vocabulary import Ade, Surface

CLASSES = (Ade.WALL, Ade.FLOOR, Ade.CEILING, Ade.WINDOW, Ade.BOX, Ade.SOFA, Ade.BED, Ade.RUG, Ade.DOOR)


def everywhere(**values: float) -> NDArray[np.float32]:
    """K×4×6, the same at every pixel."""
    column = [values.get(one.name.lower(), 0.0) for one in CLASSES]
    return np.tile(np.array(column, dtype=np.float32)[:, None, None], (1, 4, 6))


def test_kinds_of_furniture_are_added_before_they_are_compared_with_the_wall() -> None:
    posterior = Posterior(classes=CLASSES, values=everywhere(wall=0.4, sofa=0.25, bed=0.2, box=0.15))
    assert (decision.decide(posterior) == Ade.SOFA).all()
    assert decision.by_surface(posterior)[Surface.OBJECT] == pytest.approx(0.6)


def test_furniture_of_no_probable_kind_is_some_object() -> None:
    values = everywhere(wall=0.2, sofa=0.2, bed=0.2, box=0.2)
    chair = np.full((1, 4, 6), 0.2, dtype=np.float32)
    labels = decision.decide(Posterior(classes=(*CLASSES, Ade.CHAIR), values=np.concatenate([values, chair])))
    assert (labels == Ade.BOX).all()


def test_rugs_count_as_floor_and_doors_as_openings() -> None:
    labels = decision.decide(Posterior(classes=CLASSES, values=everywhere(wall=0.4, rug=0.35, floor=0.2, door=0.05)))
    assert (labels == Ade.RUG).all()
    assert decision.surface_of(Ade.DOOR) is decision.surface_of(Ade.BLIND) is Surface.OPENING


def test_what_is_hardly_seen_falls_back_and_nothing_is_lost() -> None:
    groups = everywhere(wall=0.7, sofa=0.2985, bed=0.001, rug=0.0005)
    posterior = decision.merge_rare_classes(groups, CLASSES)
    assert set(posterior.classes) == {Ade.WALL, Ade.FLOOR, Ade.CEILING, Ade.WINDOW, Ade.BOX, Ade.SOFA}
    assert posterior.values.sum(axis=0) == pytest.approx(1)
    assert posterior.values[posterior.classes.index(Ade.BOX)] == pytest.approx(0.001)
    assert posterior.values[posterior.classes.index(Ade.FLOOR)] == pytest.approx(0.0005)


def test_what_network_and_surroundings_both_say_is_surer_than_either() -> None:
    posterior = Posterior(classes=CLASSES, values=everywhere(wall=0.8, floor=0.2))
    labels = decision.decide(posterior)
    agreeing = decision.confidence(labels, decision.by_surface(posterior), posterior)
    assert agreeing == pytest.approx(0.64 / (0.64 + 0.04), abs=1e-3)
    seen = decision.by_surface(posterior.replaced(everywhere(wall=0.3, floor=0.7)))
    assert decision.confidence(labels, seen, posterior) == pytest.approx(0.24 / (0.24 + 0.14), abs=1e-3)


def test_floor_is_sure_as_a_surface_and_furniture_as_what_it_is_named() -> None:
    rugs = Posterior(classes=CLASSES, values=everywhere(rug=0.5, floor=0.5))
    assert decision.confidence(decision.decide(rugs), decision.by_surface(rugs), rugs) == pytest.approx(1, abs=1e-2)
    seats = Posterior(classes=CLASSES, values=everywhere(sofa=0.6, bed=0.4))
    assert decision.confidence(decision.decide(seats), decision.by_surface(seats), seats) == pytest.approx(
        0.6, abs=1e-2
    )
    boxes = np.full((4, 6), Ade.BOX, dtype=np.uint8)
    assert decision.confidence(boxes, decision.by_surface(seats), seats) == pytest.approx(1, abs=1e-2)


def test_a_label_that_nothing_speaks_for_is_unsure() -> None:
    posterior = Posterior(classes=CLASSES, values=everywhere(wall=1.0))
    ceiling = np.full((4, 6), Ade.CEILING, dtype=np.uint8)
    assert decision.confidence(ceiling, decision.by_surface(posterior), posterior) == pytest.approx(0, abs=1e-3)
