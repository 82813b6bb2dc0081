"""What is left out is left out, and nothing else is."""

import json
from pathlib import Path

import pytest

from research.roomnet import ablations
from research.roomnet.network.trainer import Plan

pytestmark = pytest.mark.slow  # trains networks


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
