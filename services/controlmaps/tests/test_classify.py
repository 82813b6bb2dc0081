"""Probabilities that a caller can rely on."""

import pytest

from controlmaps import classify
from controlmaps.domain import Classification
from servicekit.types.rooms import RoomType


def test_classification_names_every_type_and_sums_to_one() -> None:
    found = classify.completed(
        Classification(rooms={RoomType.KITCHEN: 3.0, RoomType.OFFICE: 1.0}, room_probability=1.2)
    )
    assert set(found.rooms) == set(RoomType)
    assert sum(found.rooms.values()) == pytest.approx(1)
    assert found.rooms[RoomType.KITCHEN] == pytest.approx(0.75)
    assert found.room_probability == 1


def test_classification_of_an_engine_that_knows_nothing_is_other() -> None:
    found = classify.completed(Classification(rooms={}, room_probability=0.0))
    assert found.rooms[RoomType.OTHER] == 1
