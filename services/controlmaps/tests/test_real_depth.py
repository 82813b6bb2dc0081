"""What becomes of the depth of a network that others trained, on photos whose depth was measured by others.

METER stands where DPT does: everything from the photo to the map, and from a pair to its score, is our own.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="the torch extra is not installed")

import torch

import roomnet
from controlmaps import structure
from controlmaps.engine.model_engine import ModelEngine
from controlmaps.engine.tasks import DepthModel, Task
from controlmaps.engine.torch_depth import DepthNetwork
from controlmaps.pipeline import Pipeline
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import EngineInfo
from servicekit.types.control_maps import MapKind
from servicekit.types.rooms import RoomType
from tests.fixtures import meter
from tests.fixtures.rooms import read_photo
from tools.eval_rooms import baseline, collection, ground_truth, scores

pytestmark = pytest.mark.slow  # loads torch

Plane = NDArray[np.float32]


class MeterEngine(ModelEngine):
    """Depth by METER; it takes no photo for one room rather than another."""

    def __init__(self, network: DepthNetwork, depth_model: DepthModel = "dpt") -> None:
        """Works at the sizes of `depth_model`."""
        super().__init__(depth_model=depth_model, temperature=1.0)
        self._network = network

    @property
    def info(self) -> EngineInfo:
        return EngineInfo(name="meter", models=())

    async def load(self) -> None:
        """Loaded already."""

    async def close(self) -> None:
        """Nothing to close."""

    async def infer(self, task: Task, pixels: NDArray[np.uint8]) -> Sequence[NDArray[Any]]:
        if task is Task.CLASSIFICATION:
            return [np.zeros((1, len(RoomType) + 1), np.float32)]
        return [self._network(torch.from_numpy(pixels)).numpy()]

    async def depth(self, photo: RGB) -> Plane:
        """H×W inverse depth."""
        return (await self.analyze(photo, {Task.DEPTH}))["depth"]


@pytest.fixture(scope="module")
def network(rooms_folder: Path) -> DepthNetwork:
    weights = rooms_folder / "weights"
    if not (weights / meter.FILE).is_file():
        pytest.skip(f"MODOMO_ROOMS has no weights/{meter.FILE}")
    return meter.load_meter(weights)


def measured(rooms: Path) -> list[ground_truth.Photo]:
    """Photos with depth from a sensor."""
    found = [ground_truth.read(source) for source in collection.find(rooms).sources if source.depth]
    return found or pytest.skip("MODOMO_ROOMS has no photo with depth")


def published(rooms: Path) -> list[tuple[RGB, RGB]]:
    """Photos and their restylings, reduced as they are to be scored."""
    files = sorted((rooms / "pairs").glob("*_before.jpg"))
    if not files:
        pytest.skip("MODOMO_ROOMS has no folder `pairs`")
    afters = [file.with_name(file.name.replace("_before", "_after")) for file in files]
    pairs = zip(files, afters, strict=True)
    return [(structure.reduced(read_photo(one)), structure.reduced(read_photo(other))) for one, other in pairs]


@torch.no_grad()
def alone(network: DepthNetwork, photo: RGB) -> Plane:
    """METER's inverse depth with nothing of ours around it but its own layers, at the photo's size."""
    height, width = meter.SIZE
    pixels = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    given = ((pixels - meter.MEAN) / meter.DEVIATION).astype(np.float32).transpose(2, 0, 1)
    found = network.model(torch.from_numpy(given)[None]).predicted_depth[0].numpy()
    return np.asarray(cv2.resize(found, photo.shape[1::-1], interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def ranked_alike(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Spearman's correlation of every fourth pixel both ways."""
    thinned = (plane[::4, ::4].ravel().astype(np.float64) for plane in (one, other))
    return scores.spearman(*thinned)


@pytest.mark.parametrize("depth_model", ["dpt", "depth-anything-small"])
async def test_the_map_of_real_depth_is_near_where_the_sensor_is(
    network: DepthNetwork, rooms_folder: Path, depth_model: DepthModel
) -> None:
    pipeline = Pipeline(MeterEngine(network, depth_model))
    ranks, unchanged = [], []
    for photo in measured(rooms_folder):
        assert photo.depth is not None
        _rooms, (drawn,) = await pipeline.analyze(photo.rgb, [MapKind.DEPTH])
        assert drawn.pixels.shape == photo.rgb.shape[:2]
        assert (drawn.pixels.min(), drawn.pixels.max()) == (0, 255)
        ranks.append(scores.depth_errors(photo.depth, drawn.pixels.astype(np.float32))[1])
        unchanged.append(ranked_alike(drawn.pixels, alone(network, photo.rgb)))
    assert np.mean(ranks) > 0.7
    assert min(unchanged) > 0.99


async def test_restylings_keep_more_of_the_depths_order_than_their_mirror_images(
    network: DepthNetwork, rooms_folder: Path
) -> None:
    engine, kept, turned = MeterEngine(network), [], []
    for before, after in published(rooms_folder):
        there = await engine.depth(before)
        kept.append(structure.depth_agreement(there, await engine.depth(after)))
        mirrored = np.ascontiguousarray(after[:, ::-1])
        turned.append(structure.depth_agreement(there, await engine.depth(mirrored)))
    assert np.mean(kept) > 0.65
    assert np.mean(kept) > np.mean(turned) + 0.1


async def test_the_lite_engines_depth_agrees_with_it(network: DepthNetwork, rooms_folder: Path) -> None:
    """On every sixteenth of the photos that constants may be chosen by."""
    sources = [source for source in collection.find(rooms_folder).sources if source.half == "A"][::16]
    if not sources:
        pytest.skip("MODOMO_ROOMS has no folder `more`")
    engine, agreed, guessed = MeterEngine(network), [], []
    for source in sources:
        photo = ground_truth.read(source).rgb
        theirs = await engine.depth(photo)
        agreed.append(ranked_alike(theirs, roomnet.analyse(photo).inverse_depth))
        guessed.append(ranked_alike(theirs, baseline.inverse_depth(photo.shape)))
    assert np.mean(agreed) > 0.5
    assert np.mean(agreed) > np.mean(guessed) + 0.1


def test_another_file_is_not_taken_for_meter(tmp_path: Path) -> None:
    (tmp_path / meter.FILE).write_bytes(b"something else")
    with pytest.raises(ValueError, match="not the file that was measured"):
        meter.load_meter(tmp_path)
