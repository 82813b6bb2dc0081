"""The network's answers, and what happens without it."""

from pathlib import Path

import pytest

import roomnet
from roomnet import network
from roomnet.vocabulary import Ade, Room
from tests.fixtures.rooms import DrawnRoom


@pytest.mark.parametrize("missing", ["GRAPH", "WEIGHTS"])
def test_without_its_weights_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr(network, missing, tmp_path / "roomnet.gone")
    with pytest.raises(roomnet.WeightsMissingError, match=r"roomnet\.gone is missing"):
        network.Network()


def test_probabilities_are_probabilities(drawn_room: DrawnRoom) -> None:
    found = network.load().predict(drawn_room.photo)
    assert found.groups.sum(axis=0) == pytest.approx(1, abs=1e-3)
    assert found.groups.min() >= 0
    assert found.groups.shape[1:] == found.inverse_depth.shape
    assert set(found.rooms) == set(Room)
    assert sum(found.rooms.values()) == pytest.approx(1)


def test_every_class_is_named_once_and_all_that_others_fall_back_on_are_there() -> None:
    classes = network.load().classes
    assert len(set(classes)) == len(classes)
    assert {Ade.WALL, Ade.FLOOR, Ade.CEILING, Ade.WINDOW, Ade.BOX} <= set(classes)


@pytest.mark.parametrize(
    ("photo", "wanted"),
    [((1024, 768), (256, 192)), ((512, 512), (224, 224)), ((768, 1024), (192, 256)), ((4096, 256), (768, 64))],
)
def test_the_size_looked_at_keeps_the_form(photo: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert network.fitting_size(*photo) == wanted


def test_pictures_are_looked_at_in_the_size_that_the_weights_were_made_for(drawn_room: DrawnRoom) -> None:
    model = network.load()
    height, width = model.predict(drawn_room.photo).inverse_depth.shape
    assert 4 * height * width == pytest.approx(model.area, rel=0.1)


def test_the_revision_names_weights_and_rules() -> None:
    weights, rules = roomnet.revision().rsplit("-", 1)
    assert len(weights) == 12
    assert int(weights, 16) >= 0
    assert rules
