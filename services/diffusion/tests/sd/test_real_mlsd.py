"""Straight lines by the published weights of M-LSD, pulled as a user pulls them, beside its authors' own network.

The authors' network is their TensorFlow Lite file, of which the PyTorch weights are a port by others: it shares no code
with ours.
"""

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

from diffusion.sd.mlsd import LineDetector, load_line_detector
from servicekit.imaging.arrays import RGB
from servicekit.inference.hardware import choose
from servicekit.weights import Manifest, WeightStore
from servicekit.weights.directory import DirectorySource
from servicekit.weights.lock import shipped
from servicekit.weights.pull import Puller

pytestmark = [
    pytest.mark.slow,  # loads torch
    pytest.mark.skipif(
        importlib.util.find_spec("ai_edge_litert") is None,
        reason="ai-edge-litert, which runs the reference, is missing",
    ),
]

SIDE = 512
NEAR = 8
"""Pixels between ends of the same line: a cell of the network is two, and the port rounds other than the original."""


@pytest.fixture(scope="module")
def detector(rooms_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> LineDetector:
    """From a store that holds the real file, under the hash that the manifest knows."""
    directory = tmp_path_factory.mktemp("mlsd")
    (directory / "origin" / "mlsd").mkdir(parents=True)
    shutil.copy(rooms_folder / "weights" / "mlsd_tiny_512_fp32.pth", directory / "origin" / "mlsd")
    source = DirectorySource(directory / "origin")
    Puller(directory / "store", source, manifest=Manifest.shipped(), known=shipped()).pull(["mlsd"])
    return load_line_detector(WeightStore(directory / "store").file("mlsd"), choose("cpu"))


def authors_lines(rooms: Path, photo: RGB) -> NDArray[np.float64]:
    """K×4 ends x, y, x, y in pixels of what the authors' network finds, at its demo's thresholds."""
    from ai_edge_litert.interpreter import Interpreter

    network = Interpreter(str(rooms / "weights" / "M-LSD_512_tiny_fp32.tflite"))
    network.allocate_tensors()
    channels = np.concatenate([photo, np.ones((SIDE, SIDE, 1), np.uint8)], axis=2)[None].astype(np.float32)
    network.set_tensor(network.get_input_details()[0]["index"], channels)
    network.invoke()
    centres, scores, ends = (network.get_tensor(one["index"])[0] for one in network.get_output_details())
    rows, columns = centres.T
    found = 2.0 * (np.stack([columns, rows, columns, rows], axis=1) + ends[rows, columns])
    length = np.hypot(found[:, 0] - found[:, 2], found[:, 1] - found[:, 3])
    return np.asarray(found[(scores > 0.2) & (length > 10)], dtype=np.float64)


@pytest.mark.parametrize("name", ["living_room_messy_roomgpt", "bedroom_houses_122", "empty_nw_living_room_2"])
def test_lines_lie_where_the_authors_network_finds_them(detector: LineDetector, rooms_folder: Path, name: str) -> None:
    picture = Image.open(rooms_folder / "photos" / f"{name}.jpg").convert("RGB")
    photo = np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    ours, theirs = detector.lines(photo), authors_lines(rooms_folder, photo)
    assert len(theirs) > 50
    apart = np.minimum(
        *(np.abs(theirs[:, None] - ours[None][..., order]).max(axis=2) for order in ([0, 1, 2, 3], [2, 3, 0, 1]))
    )
    assert np.mean(apart.min(axis=1) < NEAR) > 0.8
