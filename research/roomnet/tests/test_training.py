"""The network learns, goes on where it stopped, and says the same without torch."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch; the services do without it")

from safetensors.torch import save_file  # noqa: E402 - it imports torch, which is asked for above

from research.roomnet import dataset, evaluate, export, train  # noqa: E402 - likewise
from research.roomnet.labels import INDEX  # noqa: E402 - likewise
from research.roomnet.network import groups, losses, mixing, repaint, shards, warp  # noqa: E402 - likewise
from research.roomnet.network.batches import Changes, draw  # noqa: E402 - likewise
from research.roomnet.network.model import SIZES, Prediction, RoomNet  # noqa: E402 - likewise
from research.roomnet.network.store import Feeder, Store  # noqa: E402 - likewise
from research.roomnet.network.trainer import Plan, Trainer, rate  # noqa: E402 - likewise
from research.roomnet.renderer.trace import Quality  # noqa: E402 - likewise
from research.roomnet.rooms.random import ROOM_TYPES  # noqa: E402 - likewise

ROUGH = Quality(samples=1, bounces=0, every_light=False, passes=0, ambient=0.2)
CPU = torch.device("cpu")
TINY = Plan(minutes=10, batch=4, size="small", scale=0.5, seed=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rooms")
    examples = [dataset.example(seed, width=96, height=64, quality=ROUGH) for seed in range(4)]
    dataset.save(examples, folder / "rooms-0000000.npz", compressed=False)
    return folder


@pytest.fixture
def store(folder: Path) -> Store:
    store = Store(8, CPU)
    store.add(shards.read(folder / "rooms-0000000.npz"))
    return store


def network(size: str = "small") -> RoomNet:
    torch.manual_seed(2)
    return RoomNet(groups=len(groups.NAMES), types=len(ROOM_TYPES), size=SIZES[size])


def test_the_weights_fit_into_the_repository() -> None:
    assert 2 * sum(weight.numel() for weight in network("large").parameters()) < 20e6


def test_every_label_has_a_group_and_every_group_a_surface() -> None:
    table = groups.table()
    assert groups.NAMES[table[INDEX["wall"]]] == "wall"
    assert groups.NAMES[table[INDEX["pillow"]]] == "cushion"
    assert groups.NAMES[table[INDEX["vase"]]] == "other"
    assert table[groups.IGNORED] == groups.IGNORED
    surface = dict(zip(groups.NAMES, (groups.SURFACES[one] for one in groups.surfaces()), strict=True))
    assert (surface["blind"], surface["curtain"], surface["rug"]) == ("window", "furniture", "floor")
    assert [table[label] for label in groups.ade20k()] == list(range(len(groups.NAMES)))


def test_rooms_are_kept_as_they_were_rendered(folder: Path) -> None:
    path = folder / "rooms-0000000.npz"
    examples, stack = list(dataset.load(path)), shards.read(path)
    for number, one in enumerate(examples):
        assert stack.upright[number] == (one.image.shape[0] > one.image.shape[1])
        image, depth, numbers = (
            np.swapaxes(maps[number], 0, 1) if stack.upright[number] else maps[number]
            for maps in (stack.image, stack.depth, stack.surface)
        )
        np.testing.assert_array_equal(image, one.image)
        np.testing.assert_allclose(depth, one.depth / 1000, rtol=1e-3)
        for surface in np.unique(one.surface):
            assert len(np.unique(numbers[one.surface == surface])) == 1


def test_a_store_takes_what_fits_and_refuses_other_sizes(folder: Path) -> None:
    stack = shards.read(folder / "rooms-0000000.npz")
    store = Store(6, CPU)
    store.add(stack)
    store.add(stack)
    assert len(store) == 6
    turned = shards.Stack(**{**vars(stack), "image": np.swapaxes(stack.image, 1, 2)})
    other = Store(8, CPU)
    other.add(stack)
    with pytest.raises(ValueError, match="among pictures of"):
        other.add(turned)
    with pytest.raises(ValueError, match="at least one"):
        Store(0, CPU)


def test_shards_that_appear_later_are_taken_in(folder: Path, tmp_path: Path) -> None:
    source = folder / "rooms-0000000.npz"
    (tmp_path / source.name).write_bytes(source.read_bytes())
    store = Store(8, CPU)
    feeder = Feeder(tmp_path, store, follow=True)
    feeder.start(least=4)
    assert len(store) == 4
    partial = tmp_path / "later.partial"
    partial.write_bytes(source.read_bytes())
    partial.replace(tmp_path / "rooms-0000064.npz")
    feeder._thread.join(60)  # it ends by itself once the store is full
    assert len(store) == 8
    feeder.stop()
    feeder.check()


def test_a_broken_shard_is_told(tmp_path: Path) -> None:
    (tmp_path / "rooms-0000000.npz").write_bytes(b"PK\x03\x04 no shard")
    with pytest.raises(Exception, match=r"zip|File|pickled"):
        Feeder(tmp_path, Store(8, CPU), follow=False).start(least=1)


def test_a_plain_view_is_the_middle_of_the_picture_upright_or_not(store: Store, folder: Path) -> None:
    examples = list(dataset.load(folder / "rooms-0000000.npz"))
    assert {one.image.shape[0] > one.image.shape[1] for one in examples} == {True, False}
    views = warp.views(store.rows(torch.arange(4)), 64, 64, plain=True)
    for number, one in enumerate(examples):
        top, left = ((side - 64) // 2 for side in one.image.shape[:2])
        middle = one.image[top : top + 64, left : left + 64]
        np.testing.assert_allclose(views.image[number].permute(1, 2, 0) * 255, middle, atol=0.01)
        depth = one.depth[top : top + 64, left : left + 64] / 1000
        np.testing.assert_allclose(views.depth[number, 0], depth, rtol=1e-3)


def test_things_are_mixed_in_only_where_they_are_nearer(store: Store) -> None:
    torch.manual_seed(4)
    views = warp.views(store.rows(torch.arange(4).repeat(4)), 64, 96, plain=True)
    mixed = mixing.mixed(views)
    changed = (mixed.image != views.image).any(dim=1, keepdim=True)
    assert 0 < float(changed.float().mean()) < 0.5
    assert bool((mixed.depth <= views.depth)[views.depth > 0].all())
    assert not set(mixed.groups[changed].tolist()) & set(groups.numbers("wall", "floor", "ceiling", "window"))


def test_paint_changes_colours_but_neither_truth_nor_windows(store: Store) -> None:
    torch.manual_seed(4)
    views = warp.views(store.rows(torch.arange(4).repeat(4)), 64, 96, plain=True)
    painted = repaint.repainted(views)
    changed = (painted.image - views.image).abs().amax(dim=1, keepdim=True) > 0.02
    assert 0.1 < float(changed.float().mean()) < 0.7
    assert not set(views.groups[changed].tolist()) & set(groups.numbers("window", "mirror"))
    assert painted.groups is views.groups
    assert 0 <= float(painted.image.min()) <= float(painted.image.max()) <= 1


@pytest.mark.parametrize(
    "changes", [Changes(), Changes(viewed=False, mixed=False, repainted=False, photographed=False)]
)
def test_batches_are_pictures_with_truth_at_half_their_size(store: Store, changes: Changes) -> None:
    torch.manual_seed(1)
    for _ in range(4):
        batch = draw(store, 3, changes, scale=0.5)
        height, width = batch.picture.shape[2:]
        assert height % 32 == width % 32 == 0
        assert batch.labels.shape == (3, height // 2, width // 2)
        assert batch.depth.shape == (3, 1, height // 2, width // 2)
        assert 0 <= float(batch.picture.min()) <= float(batch.picture.max()) <= 1
        known = batch.labels[batch.labels != groups.IGNORED]
        assert int(known.max()) < len(groups.NAMES)
        assert bool(batch.depth.isfinite().all())


def test_a_perfect_answer_costs_less_than_a_wrong_one(store: Store) -> None:
    torch.manual_seed(1)
    true = draw(store, 4, Changes(), scale=0.5)
    weight = losses.weights(store.shares())
    depth, _ = losses.normalised_inverse(true.depth)
    typed = true.room.clamp(min=0)
    kinds = torch.nn.functional.one_hot(typed, len(ROOM_TYPES)) * 4.0

    def cost(shift: int) -> float:
        labels = (true.labels.where(true.labels != groups.IGNORED, 0) + shift) % len(groups.NAMES)
        logits = torch.nn.functional.one_hot(labels, len(groups.NAMES)).permute(0, 3, 1, 2) * 30.0
        said = Prediction(labels=logits, inverse_depth=depth * (1 - 2 * shift), room=kinds)
        return float(losses.total(said, true, weight))

    assert cost(0) < 0.5
    assert cost(1) > 5


def test_rare_groups_weigh_more_but_the_mean_stays() -> None:
    shares = torch.zeros(256)
    shares[: len(groups.NAMES)] = torch.linspace(0.1, 0.001, len(groups.NAMES))
    weight = losses.weights(shares)
    known = shares[: len(groups.NAMES)] / shares.sum()
    assert float((weight * known).sum()) == pytest.approx(1)
    assert weight[-1] > weight[0]


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
    runtime = pytest.importorskip("onnxruntime", reason="the exported graph is run with ONNX Runtime")
    trainer = Trainer(store, TINY, tmp_path)
    trainer.advance()
    trainer.save()
    folder = tmp_path / "out"
    export.export(trainer.weights, folder)
    made, _ = export.load(trainer.weights)
    session = runtime.InferenceSession(folder / "roomnet.onnx", providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["groups"]) == list(groups.NAMES)
    assert json.loads(about["room_types"]) == list(ROOM_TYPES)
    assert (folder / "roomnet.onnx").stat().st_size < 200_000  # the weights are in the file beside it, and only there
    for height, width in ((160, 224), (96, 128)):
        picture = torch.rand(1, 3, height, width)
        with torch.no_grad():
            said = made(picture)
        labels, inverse_depth, room = session.run(None, {"picture": picture.numpy()})
        np.testing.assert_allclose(labels, said.labels.softmax(dim=1).numpy(), atol=5e-3)
        np.testing.assert_allclose(inverse_depth, said.inverse_depth.numpy(), atol=2e-2)
        np.testing.assert_allclose(room, said.room.softmax(dim=1).numpy(), atol=5e-3)


def test_the_temperature_is_part_of_the_graph(tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="the exported graph is run with ONNX Runtime")
    picture = np.random.default_rng(1).random((1, 3, 64, 96), np.float32)
    sure = []
    for heat in ("1.0", "4.0"):
        save_file(network().state_dict(), tmp_path / "raw", metadata={"size": "small", "temperature": heat})
        export.export(tmp_path / "raw", tmp_path / heat)
        session = runtime.InferenceSession(tmp_path / heat / "roomnet.onnx", providers=["CPUExecutionProvider"])
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
