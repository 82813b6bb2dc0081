"""What is left out is left out, and nothing else is."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs torch; the services do without it")

from research.roomnet import ablations, dataset, evaluate  # noqa: E402 - they import torch, which is asked for above
from research.roomnet.network import groups, losses  # noqa: E402 - likewise
from research.roomnet.network.batches import SHAPES, Changes, draw  # noqa: E402 - likewise
from research.roomnet.network.model import SIZES, Attention, RoomNet  # noqa: E402 - likewise
from research.roomnet.network.store import Store  # noqa: E402 - likewise
from research.roomnet.network.trainer import Plan  # noqa: E402 - likewise
from research.roomnet.renderer.trace import Quality  # noqa: E402 - likewise
from research.roomnet.rooms.random import ROOM_TYPES  # noqa: E402 - likewise

ROUGH = Quality(samples=1, bounces=0, every_light=False, passes=0, ambient=0.2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rooms")
    examples = [dataset.example(seed, width=96, height=64, quality=ROUGH) for seed in range(4)]
    dataset.save(examples, folder / "rooms-0000000.npz", compressed=False)
    return folder


@pytest.fixture
def store(folder: Path) -> Store:
    return evaluate.stored(folder, None)


def test_ablations_leave_out_one_thing_each() -> None:
    plans = ablations.plans(Plan(minutes=1, seed=1), steps=5, rooms=9, seeds=2)
    base = plans.pop("reference_1")
    assert (base.steps, plans["half_the_steps"].steps) == (5, 2)
    assert plans.pop("reference_2").seed == 2
    assert plans["half_the_rooms"].rooms == 4
    assert all(plan != base and plan.seed == 1 for plan in plans.values())


def test_ablations_train_judge_and_go_on(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODOMO_ROOMS", raising=False)
    every = ablations.plans
    some = {"reference_1", "half_the_rooms", "no_attention"}  # all of them would take long
    monkeypatch.setattr(
        ablations, "plans", lambda *args, **named: {k: v for k, v in every(*args, **named).items() if k in some}
    )
    asked = ["--rooms", str(folder), "--unseen", str(folder), "--out", str(tmp_path), "--steps", "1"]
    asked += ["--batch", "2", "--scale", "0.25"]
    ablations.main(asked)
    first, rows = json.loads((tmp_path / "report.json").read_text()), (tmp_path / "report.md").read_text()
    for name, marks in first.items():
        assert (marks["about"]["steps"], marks["about"]["scale"]) == ("1", "0.25")
        assert f"| {name.replace('_', ' ')} | {marks['rendered']['mean_iou']:.3f} |" in rows
    ablations.main(asked)
    assert json.loads((tmp_path / "report.json").read_text()) == first


@pytest.mark.parametrize("left_out", ["surfaces", "overlap", "depth", "room"])
def test_a_term_that_is_left_out_costs_nothing(store: Store, left_out: str) -> None:
    torch.manual_seed(1)
    true = draw(store, 4, Changes(), scale=0.5)
    true = replace(true, room=true.room.clamp(min=0))
    torch.manual_seed(2)
    network = RoomNet(groups=len(groups.NAMES), types=len(ROOM_TYPES), size=SIZES["tiny"])
    said, weight = network(true.picture), losses.weights(store.shares())
    assert losses.total(said, true, weight, losses.Terms(**{left_out: False})) < losses.total(said, true, weight)


def test_pictures_may_stay_as_they_were_rendered(store: Store) -> None:
    still = Changes(viewed=False, mixed=False, repainted=False, photographed=False)
    shown = {picture.numpy().tobytes() for _ in range(12) for picture in draw(store, 4, still, scale=0.25).picture}
    assert len(shown) <= 4 * len(SHAPES)


def test_sizes_have_attention_or_none() -> None:
    for name, size in SIZES.items():
        network = RoomNet(groups=len(groups.NAMES), types=len(ROOM_TYPES), size=size)
        assert any(isinstance(part, Attention) for part in network.modules()) != name.endswith("unattentive")
