"""The network learns, goes on where it stopped, and says the same without torch."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch; the services do without it")

from training import dataset, export, train  # noqa: E402 - they import torch, which is asked for above
from training.labels import INDEX  # noqa: E402 - likewise
from training.network import groups, losses  # noqa: E402 - likewise
from training.network.batches import Rooms  # noqa: E402 - likewise
from training.network.model import RoomNet  # noqa: E402 - likewise
from training.renderer.trace import Quality  # noqa: E402 - likewise
from training.rooms.random import ROOM_TYPES  # noqa: E402 - likewise

ROUGH = Quality(samples=1, bounces=0, every_light=False, passes=0, ambient=0.2)


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Rooms:
    folder = tmp_path_factory.mktemp("rooms")
    dataset.save(
        [dataset.example(seed, width=96, height=64, quality=ROUGH) for seed in range(4)], folder / "rooms-0.npz"
    )
    return Rooms(folder)


def plan(steps: int) -> train.Plan:
    return train.Plan(steps=steps, size=4, width=96, height=64, rate=4e-3)


def network() -> RoomNet:
    return RoomNet(groups=len(groups.NAMES), types=len(ROOM_TYPES))


def test_the_network_is_as_small_as_meant() -> None:
    assert 1.8e6 < sum(weight.numel() for weight in network().parameters()) < 2.6e6


def test_every_label_has_a_group() -> None:
    table = groups.table()
    assert table[INDEX["wall"]] == 0
    assert groups.NAMES[table[INDEX["desk"]]] == "table"
    assert groups.NAMES[table[INDEX["vase"]]] == "other"
    assert table[groups.IGNORED] == groups.IGNORED


def test_a_perfect_answer_costs_next_to_nothing(rooms: Rooms) -> None:
    batch = next(rooms.batches(size=4, width=96, height=64, rng=np.random.default_rng(1)))
    known = batch.labels.where(batch.labels != groups.IGNORED, torch.zeros_like(batch.labels))
    sure = torch.nn.functional.one_hot(known, len(groups.NAMES)).permute(0, 3, 1, 2) * 40.0
    assert float(losses.dice(sure, batch.labels)) < 0.05
    wanted, seen = losses.normalised_inverse(batch.depth)
    assert float((wanted * seen).mean().abs()) < 1e-3


def test_training_lowers_the_loss_and_goes_on(rooms: Rooms, tmp_path: Path) -> None:
    batch = next(rooms.batches(size=4, width=96, height=64, rng=np.random.default_rng(1)))
    torch.manual_seed(plan(1).seed)
    with torch.no_grad():
        before = float(losses.total(network()(batch.picture), batch))
    train.train(rooms, plan(6), tmp_path)
    halfway = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert halfway["step"] == 6
    trained = train.train(rooms, plan(14), tmp_path).cpu().train()  # statistics of the batch, not of 14 steps
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 14
    with torch.no_grad():
        assert float(losses.total(trained(batch.picture), batch)) < before


def test_the_graph_says_what_the_network_says(tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="the exported graph is run with ONNX Runtime")
    from safetensors.torch import save_file

    torch.manual_seed(2)
    made = network().eval()
    save_file(made.state_dict(), tmp_path / "roomnet.safetensors")
    export.export(tmp_path / "roomnet.safetensors", tmp_path / "roomnet.onnx")
    session = runtime.InferenceSession(tmp_path / "roomnet.onnx", providers=["CPUExecutionProvider"])
    for height, width in ((160, 224), (96, 128)):
        picture = torch.rand(1, 3, height, width)
        with torch.no_grad():
            said = made(picture)
        labels, inverse_depth, room = session.run(None, {"picture": picture.numpy()})
        np.testing.assert_allclose(labels, said.labels.softmax(dim=1).numpy(), atol=1e-4)
        np.testing.assert_allclose(inverse_depth, said.inverse_depth.numpy(), atol=1e-3)
        np.testing.assert_allclose(room, said.room.softmax(dim=1).numpy(), atol=1e-4)


def test_a_folder_without_rooms_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        train.main(["--rooms", str(tmp_path), "--out", str(tmp_path / "out")])
    assert refused.value.code == 2
    assert "training.generate" in capsys.readouterr().err
