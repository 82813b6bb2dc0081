"""Four small rooms, roughly rendered, that the tests of the network learn from."""

from pathlib import Path

import pytest
import torch

from research.roomnet import dataset
from research.roomnet.network import shards
from research.roomnet.network.store import Store
from research.roomnet.renderer.trace import Quality

ROUGH = Quality(samples=1, bounces=0, every_light=False, passes=0, ambient=0.2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rooms")
    examples = [dataset.example(seed, width=96, height=64, quality=ROUGH) for seed in range(4)]
    dataset.save(examples, folder / "rooms-0000000.npz", compressed=False)
    return folder


@pytest.fixture
def store(folder: Path) -> Store:
    store = Store(8, torch.device("cpu"))
    store.add(shards.read(folder / "rooms-0000000.npz"))
    return store
