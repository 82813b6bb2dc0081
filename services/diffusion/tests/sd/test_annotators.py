"""Control maps beside those of the annotators that ControlNets were published with (controlnet-aux), at one size."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch

from diffusion.domain import Maps
from diffusion.sd import recipes, tensors
from diffusion.sd.letterbox import BUCKET, letterbox
from diffusion.sd.mlsd import LineDetector, load_line_detector
from diffusion.sd.options import Control, Structure
from servicekit.imaging.arrays import RGB
from servicekit.inference import hardware
from servicekit.weights import WeightsCorrupt
from tests.fixtures.rooms import read_photo
from tools.gpu.requests import restyling

PACKAGE = Path(__file__).parents[4] / "build" / "annotators" / "controlnet_aux"
PHOTOS = ("living_two_armchairs_mlperf_05.jpg", "kitchen_houses_100.jpg", "empty_nw_living_room_2.jpg")
HOST = hardware.choose("cpu")

pytestmark = pytest.mark.skipif(not PACKAGE.is_dir(), reason="`make build/annotators/ready` gets the annotators")


def reference(path: str) -> ModuleType:
    """One file of the package, which as a whole imports networks that nobody here needs."""
    name = "annotators." + path.removesuffix(".py").replace("/", ".")
    found = importlib.util.spec_from_file_location(name, PACKAGE / path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def weights(rooms_folder: Path) -> Path:
    return rooms_folder / "weights" / "mlsd_tiny_512_fp32.pth"


@pytest.fixture(scope="module")
def detector(weights: Path) -> LineDetector:
    return load_line_detector(weights, HOST)


def on_canvas(photo: RGB, side: int = 512) -> tuple[RGB, Any]:
    fitting = letterbox(*photo.shape[:2], side=side, multiple=BUCKET)
    return fitting.place(photo), fitting


@pytest.mark.parametrize("name", PHOTOS)
def test_lines_are_the_references_line_by_line(
    detector: LineDetector, weights: Path, rooms_folder: Path, name: str
) -> None:
    placed, fitting = on_canvas(read_photo(rooms_folder / "photos" / name))
    network = reference("mlsd/models/mbv2_mlsd_tiny.py").MobileV2_MLSD_Tiny()
    network.load_state_dict(torch.load(weights, weights_only=True))
    network.eval()
    with torch.no_grad():
        expected = reference("mlsd/utils.py").pred_lines(placed, network, list(placed.shape[:2]), 0.1, 0.1)
    assert len(expected) > 40
    assert np.abs(detector.lines(placed) - expected).max() < 0.01

    drawn = np.zeros(placed.shape[:2], np.uint8)
    for left, top, right, bottom in expected.astype(int).tolist():
        cv2.line(drawn, (left, top), (right, bottom), 255, 1)
    request = restyling(photo=read_photo(rooms_folder / "photos" / name), maps=Maps())
    shown = dict(tensors.control_images(recipes.STRUCTURES[Structure.LINES], request, placed, fitting, detector))
    assert (shown[Control.MLSD][..., 0] != drawn).mean() < 1e-4


@pytest.mark.parametrize("name", PHOTOS)
def test_edges_are_the_references_pixel_by_pixel(rooms_folder: Path, name: str) -> None:
    photo = read_photo(rooms_folder / "photos" / name)
    placed, fitting = on_canvas(photo, side=768)
    sys.modules["annotators"] = ModuleType("annotators")
    sys.modules["annotators.util"] = reference("util.py")
    expected = _canny(placed)
    request = restyling(photo=photo, maps=Maps())
    shown = dict(tensors.control_images(recipes.STRUCTURES[Structure.EDGES], request, placed, fitting, None))
    assert np.array_equal(shown[Control.CANNY], expected)


def _canny(placed: RGB) -> RGB:
    """The reference's detector, whose module asks for a package around it."""
    package = ModuleType("annotators.canny")
    package.__path__ = [str(PACKAGE / "canny")]
    sys.modules["annotators.canny"] = package
    found = importlib.util.spec_from_file_location(
        "annotators.canny", PACKAGE / "canny" / "__init__.py", submodule_search_locations=[str(PACKAGE / "canny")]
    )
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    side = min(placed.shape[:2])
    drawn: RGB = module.CannyDetector()(placed, detect_resolution=side, image_resolution=side, output_type="np")
    return drawn


def test_lines_of_another_size_lie_where_they_are(detector: LineDetector, rooms_folder: Path) -> None:
    """A photo whose sides are no multiples of 64 is scaled for the network, and its lines back."""
    photo = read_photo(rooms_folder / "photos" / PHOTOS[0])
    odd = np.asarray(cv2.resize(photo, (500, 375)), dtype=np.uint8)
    even = np.asarray(cv2.resize(photo, (512, 384)), dtype=np.uint8)
    near, far = detector.lines(odd)[:20], detector.lines(even) * np.tile([500 / 512, 375 / 384], 2)
    closest = [np.abs(far - line).max(axis=1).min() for line in near]
    assert np.median(closest) < 4


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\x80\x02}q\x00."], ids=["empty", "cut", "bare"])
def test_a_file_that_is_no_detector_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "mlsd_tiny_512_fp32.pth"
    file.write_bytes(content)
    with pytest.raises(WeightsCorrupt, match=r"mlsd_tiny_512_fp32\.pth cannot be loaded as M-LSD's tiny network"):
        load_line_detector(file, HOST)
