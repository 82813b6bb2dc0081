"""What the network is shown and what its answers cost: stores of rooms, changed views of them, losses."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from research.roomnet import dataset
from research.roomnet.labels import INDEX
from research.roomnet.network import groups, losses, mixing, repaint, shards, warp
from research.roomnet.network.batches import SHAPES, Changes, draw
from research.roomnet.network.model import SIZES, Attention, Prediction, RoomNet
from research.roomnet.network.store import Feeder, Store
from research.roomnet.rooms.random import ROOM_TYPES

pytestmark = pytest.mark.slow  # renders rooms, loads torch

CPU = torch.device("cpu")


def test_the_weights_fit_into_the_repository() -> None:
    network = RoomNet(groups=len(groups.NAMES), types=len(ROOM_TYPES), size=SIZES["large"])
    assert 2 * sum(weight.numel() for weight in network.parameters()) < 20e6


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
        same = torch.stack([_alike(true.surface, axis) for axis in (2, 1)], dim=1) * 40.0 - 20.0
        said = Prediction(labels=logits, inverse_depth=depth * (1 - 2 * shift), room=kinds, same=same * (1 - 2 * shift))
        return float(losses.total(said, true, weight))

    assert cost(0) < 0.5
    assert cost(1) > 5


def _alike(surface: torch.Tensor, axis: int) -> torch.Tensor:
    """1 where a place is of the same surface as the next along that axis; the last one is compared with the first."""
    return (surface == surface.roll(-1, dims=axis)).float()


def test_neighbours_are_asked_for_to_the_right_and_below() -> None:
    surface = torch.tensor([[[1, 1, 2], [1, 1, 2], [3, 3, 2]]])
    known = torch.ones(1, 3, 3, dtype=torch.bool)
    right = torch.tensor([[1.0, -1, 0], [1, -1, 0], [1, -1, 0]])
    below = torch.tensor([[1.0, 1, 1], [-1, -1, 1], [0, 0, 0]])
    said = torch.stack([right, below])[None] * 30
    assert float(losses.neighbours(said, surface, known)) < 1e-6
    assert float(losses.neighbours(said.flip(1), surface, known)) > 5
    known[:, :, 2] = False
    wrong = said.clone()
    wrong[:, :, :, 2] *= -1  # nothing is known of the last column, nor of who is its neighbour
    wrong[:, 0, :, 1] *= -1
    assert float(losses.neighbours(wrong, surface, known)) < 1e-6


def test_rare_groups_weigh_more_but_the_mean_stays() -> None:
    shares = torch.zeros(256)
    shares[: len(groups.NAMES)] = torch.linspace(0.1, 0.001, len(groups.NAMES))
    weight = losses.weights(shares)
    known = shares[: len(groups.NAMES)] / shares.sum()
    assert float((weight * known).sum()) == pytest.approx(1)
    assert weight[-1] > weight[0]


@pytest.mark.parametrize("left_out", ["surfaces", "overlap", "depth", "room", "same"])
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
