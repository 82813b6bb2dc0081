"""The network learns, goes on where it stopped, and says the same without torch."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import save_file

from research.roomnet import evaluate, export, train
from research.roomnet.network import groups
from research.roomnet.network.model import SIZES, RoomNet
from research.roomnet.network.store import Store
from research.roomnet.network.trainer import PARTS, Plan, Start, Trainer, rate
from research.roomnet.rooms.random import ROOM_TYPES

pytestmark = pytest.mark.slow  # trains a network

TINY = Plan(minutes=10, batch=4, size="small", scale=0.5, seed=3)


def network() -> RoomNet:
    torch.manual_seed(2)
    return RoomNet(groups=len(groups.NAMES), types=len(ROOM_TYPES), size=SIZES["small"])


def test_training_lowers_the_loss_and_goes_on(store: Store, tmp_path: Path) -> None:
    trainer = Trainer(store, TINY, tmp_path)
    costs = [float(trainer.advance()) for _ in range(24)]
    assert all(math.isfinite(cost) for cost in costs)
    assert np.mean(costs[-6:]) < np.mean(costs[:6])
    trainer.save()
    again = Trainer(store, TINY, tmp_path)
    assert again.step == 24
    assert again.elapsed == pytest.approx(trainer.elapsed)
    again.advance()
    assert again.step == 25
    assert again.restore()
    assert again.step == 24


def test_the_learning_rate_rises_and_falls() -> None:
    assert rate(0) < rate(0.02) < rate(0.04) == pytest.approx(1)
    assert rate(0.04) > rate(0.5) > rate(1) > 0


def test_folding_and_halving_change_nothing_to_speak_of(store: Store, tmp_path: Path) -> None:
    trainer = Trainer(store, TINY, tmp_path)
    trainer.advance()
    trainer.save()
    folder = tmp_path / "out"
    export.export(trainer.weights, folder)
    made, _ = export.load(trainer.weights)
    session = onnxruntime.InferenceSession(folder / "roomnet.onnx", providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["groups"]) == list(groups.NAMES)
    assert json.loads(about["room_types"]) == list(ROOM_TYPES)
    assert (folder / "roomnet.onnx").stat().st_size < 200_000  # the weights are in the file beside it, and only there
    for height, width in ((160, 224), (96, 128)):
        picture = torch.rand(1, 3, height, width)
        with torch.no_grad():
            said = made(picture)
        labels, inverse_depth, room, same = session.run(None, {"picture": picture.numpy()})
        np.testing.assert_allclose(labels, said.labels.softmax(dim=1).numpy(), atol=5e-3)
        np.testing.assert_allclose(inverse_depth, said.inverse_depth.numpy(), atol=2e-2)
        np.testing.assert_allclose(room, said.room.softmax(dim=1).numpy(), atol=5e-3)
        np.testing.assert_allclose(same, said.same.sigmoid().numpy(), atol=5e-3)


def test_the_temperature_is_part_of_the_graph(tmp_path: Path) -> None:
    picture = np.random.default_rng(1).random((1, 3, 64, 96), np.float32)
    sure = []
    for heat in ("1.0", "4.0"):
        save_file(network().state_dict(), tmp_path / "raw", metadata={"size": "small", "temperature": heat})
        export.export(tmp_path / "raw", tmp_path / heat)
        session = onnxruntime.InferenceSession(tmp_path / heat / "roomnet.onnx", providers=["CPUExecutionProvider"])
        labels = session.run(["groups"], {"picture": picture})[0]
        np.testing.assert_allclose(labels.sum(axis=1), 1, atol=1e-4)
        sure.append(float(labels.max(axis=1).mean()))
    assert sure[1] < sure[0]


def test_weights_are_judged_and_calibrated(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODOMO_ROOMS", raising=False)
    save_file(network().state_dict(), tmp_path / "raw", metadata={"size": "small"})
    evaluate.main(["--rooms", str(folder), "--out", str(tmp_path), "--calibrate", f"mine={tmp_path / 'raw'}"])
    marks = json.loads((tmp_path / "report.json").read_text())["mine"]
    assert 0 <= marks["rendered"]["mean_iou"] < 0.5  # it has learned nothing
    assert "| mine | hard |" in (tmp_path / "report.md").read_text()
    calibrated, known = export.load(tmp_path / "raw")
    assert 0.6 <= float(known["temperature"]) <= 3
    for name, tensor in network().state_dict().items():
        torch.testing.assert_close(calibrated.state_dict()[name], tensor)


@pytest.mark.parametrize("only", PARTS)
def test_training_goes_on_from_exported_weights_and_keeps_what_is_not_taught(
    store: Store, tmp_path: Path, only: str
) -> None:
    old = network()
    state = {name: tensor for name, tensor in old.state_dict().items() if not name.startswith("same")}
    save_file(state, tmp_path / "raw", metadata={"size": "small"})  # as weights were before neighbours were asked for
    export.export(tmp_path / "raw", tmp_path / "out")
    start, known = export.load(tmp_path / "out" / "roomnet.safetensors")
    assert known["size"] == "small"
    picture = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        torch.testing.assert_close(start(picture).labels, old.eval()(picture).labels, atol=2e-2, rtol=1e-2)
    before = {name: tensor.clone() for name, tensor in start.state_dict().items()}
    trainer = Trainer(store, replace(TINY, only=only, rate=1e-3), tmp_path, start=Start(network=start, known=known))
    trainer.advance()
    trainer.save()
    after, about = export.load(trainer.weights)
    assert about["size"] == "small"
    assert about["steps" if only == "everything" else f"{only}_steps"] == "1"
    changed = {name for name, tensor in trainer.network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert "same.weight" in changed
    assert ("labels.weight" in changed) == (only != "same")
    assert any(name.startswith(("stem", "stages")) for name in changed) == (only == "everything")
    assert set(after.state_dict()) == set(before)  # what was folded stays folded


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    state = network().state_dict()
    del state["labels.bias"]
    save_file(state, tmp_path / "raw", metadata={"size": "small"})
    with pytest.raises(ValueError, match="another network"):
        export.load(tmp_path / "raw")


def test_as_many_steps_as_asked_for_whatever_the_clock_says(store: Store, tmp_path: Path) -> None:
    trainer = train.train(store, replace(TINY, minutes=1e-9, steps=3), tmp_path)
    assert trainer.step == 3
    with pytest.raises(ValueError, match="above 0"):
        replace(TINY, steps=0)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ([], "research.roomnet.generate"),
        (["--minutes", "0"], "above 0"),
        (["--batch", "0"], "above 0"),
        (["--size", "huge"], "invalid choice"),
        (["--only", "same"], "--only needs --from"),
        (["--only", "walls"], "invalid choice"),
        (["--steps", "0"], "above 0"),
        (["--from", "/nowhere.safetensors"], "/nowhere.safetensors"),
    ],
)
def test_what_cannot_be_trained_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: list[str], said: str
) -> None:
    with pytest.raises(SystemExit) as refused:
        train.main(["--rooms", str(tmp_path), "--out", str(tmp_path / "out"), *asked])
    assert refused.value.code == 2
    assert said in capsys.readouterr().err


def test_weights_that_are_not_there_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        evaluate.main(["--rooms", str(tmp_path), "--out", str(tmp_path), "mine=/nowhere.safetensors"])
    assert "/nowhere.safetensors" in capsys.readouterr().err
