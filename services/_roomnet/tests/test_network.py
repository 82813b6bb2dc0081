"""The network's answers, and what happens without it."""

import cv2
import numpy as np
import pytest

import roomnet
from roomnet import network
from roomnet.vocabulary import Ade, Room
from tests.fixtures.rooms import DrawnRoom


def test_without_its_graph_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "GRAPH", "roomnet.gone")
    with pytest.raises(roomnet.WeightsMissingError, match=r"roomnet\.gone is missing"):
        network.Network()


def test_probabilities_are_probabilities(drawn_room: DrawnRoom) -> None:
    model = network.load()
    found = model.predict(drawn_room.photo)
    assert 4 * found.inverse_depth.size == pytest.approx(network.AREA * network.VIEWS[0].scale ** 2, rel=0.1)
    assert found.groups.sum(axis=0) == pytest.approx(1, abs=1e-3)
    assert found.groups.min() >= 0
    assert found.groups.shape[1:] == found.inverse_depth.shape
    assert set(found.rooms) == set(Room)
    assert sum(found.rooms.values()) == pytest.approx(1)


def test_every_class_is_named_once_and_all_that_others_fall_back_on_are_there() -> None:
    classes = network.load().classes
    assert len(set(classes)) == len(classes)
    assert {Ade.WALL, Ade.FLOOR, Ade.CEILING, Ade.WINDOW, Ade.BOX} <= set(classes)


@pytest.mark.parametrize("number", range(len(network.VIEWS)))
def test_every_view_sees_the_same_in_the_same_places(number: int, drawn_room: DrawnRoom) -> None:
    """Were it not mirrored back and cut out rightly, another half would be another thing."""
    model = network.load()
    plain = model.predict(drawn_room.photo, augmented=False)
    groups, inverse_depth, _rooms = model._seen(drawn_room.photo, network.VIEWS[number])
    shape = plain.inverse_depth.shape
    seen = np.stack([network._enlarged(plane, shape) for plane in groups])
    best, same = plain.groups.argmax(axis=0), seen.argmax(axis=0)
    assert (same == best).mean() > (same[:, ::-1] == best).mean() + 0.1
    assert np.corrcoef(plain.inverse_depth.ravel(), network._enlarged(inverse_depth, shape).ravel())[0, 1] > 0.8


def test_shares_of_the_views_sum_to_one_and_rooms_are_told_by_the_first(drawn_room: DrawnRoom) -> None:
    assert sum(view.labels for view in network.VIEWS) == sum(view.depth for view in network.VIEWS) == 1
    model = network.load()
    assert model.predict(drawn_room.photo).rooms == model.predict(drawn_room.photo, augmented=False).rooms


@pytest.mark.parametrize("shape", [(192, 256), (96, 768), (256, 32)])
def test_what_is_drawn_out_is_cut_off_again(shape: tuple[int, int]) -> None:
    height, width = shape
    ramp = np.tile(np.linspace(0, 255, width, dtype=np.uint8)[None, :, None], (height, 1, 3))
    margin = network._margin(shape)
    stepped = network._zoomed_out(ramp, margin)
    assert stepped.shape == ramp.shape
    said = cv2.resize(stepped[..., 0], (width // 2, height // 2), interpolation=cv2.INTER_AREA).astype(np.float32)
    wanted = cv2.resize(ramp[..., 0], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    inner = said[margin[0] // 2 :, margin[1] // 2 : said.shape[1] - margin[1] // 2]
    assert network._enlarged(inner, said.shape) == pytest.approx(wanted.astype(np.float32), abs=5)


@pytest.mark.parametrize(
    ("photo", "wanted"),
    [((1024, 768), (256, 192)), ((512, 512), (224, 224)), ((768, 1024), (192, 256)), ((4096, 256), (768, 64))],
)
def test_the_size_looked_at_keeps_the_form(photo: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert network.fitting_size(*photo) == wanted


def test_the_revision_names_weights_and_rules() -> None:
    weights, bits, rules = roomnet.revision().split("-")
    assert len(weights) == 12
    assert bits == "q8"
    assert int(weights, 16) >= 0
    assert rules
