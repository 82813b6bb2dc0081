"""What only the torch detector can get wrong: its files, its device, its packages' habits."""

import json
import os
import pickle
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from servicekit.config.env import SettingsError
from servicekit.errors import Exhausted
from servicekit.weights import WeightsCorrupt, WeightsMissing, WeightStore

pytest.importorskip("torch", reason="the torch extra is not installed")

import torch
from safetensors.torch import load_file, save_file

from detection.domain import Box
from detection.engine import names
from detection.engine.torch_detector import Options, TorchDetector
from detection.engine.torch_sam2 import Sam2
from detection.engine.torch_yolo import Yolo
from servicekit.inference.hardware import Hardware, choose

# the first test of a session loads torch and makes the tiny models
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CPU = Options(device="cpu")
PHOTO = np.random.default_rng(5).integers(0, 255, (200, 300, 3), dtype=np.uint8)

COCO = ["chair", "couch", "potted plant", "bed", "dining table", "toilet", "tv", "microwave", "oven", "sink", "bench"]
COCO += ["refrigerator", "clock", "vase"]
"""The classes that furnish a room."""


def yolo(file: Path) -> Yolo:
    return Yolo(file, choose("cpu"), side=320, min_confidence=0.25)


@pytest.fixture
def sam2_directory(tiny_vision: WeightStore, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_vision.path("sam2"), tmp_path / "sam2"))


def test_a_checkpoint_with_fixed_classes_is_mapped_to_our_labels(tiny_vision: WeightStore) -> None:
    found = TorchDetector(tiny_vision, Options(device="cpu", detector="yolo11")).detect(PHOTO, masks=True)
    assert found
    assert {candidate.label for candidate in found} <= set(names.labels_by_class(dict(enumerate(COCO))).values())


def test_a_checkpoint_of_boxes_alone_serves_as_well(tmp_path: Path) -> None:
    from tests.fixtures.tiny_yolo import write_yolo11

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        write_yolo11(tmp_path / "boxes.pt", boxes_only=True)
    found = yolo(tmp_path / "boxes.pt").detect(PHOTO)
    assert found
    assert {candidate.label for candidate in found} <= set(names.labels_by_class(dict(enumerate(COCO))).values())


def test_sam2_looks_once_and_cuts_all_boxes_out_in_one_batch(tiny_vision: WeightStore) -> None:
    model = Sam2(tiny_vision.path("sam2"), choose("cpu"))
    calls: list[str] = []
    for name in ("vision_encoder", "mask_decoder"):
        module = getattr(model._model, name)
        module.register_forward_hook(lambda *_arguments, name=name: calls.append(name))
    boxes = [Box(left=10 * step, top=5, right=10 * step + 90, bottom=150) for step in range(12)]
    regions = list(model.masks(PHOTO, boxes))
    assert calls == ["vision_encoder", "mask_decoder"]
    assert [region.shape for region in regions] == [(200, 300)] * 12


def test_masks_do_not_depend_on_the_other_boxes(tiny_vision: WeightStore) -> None:
    model = Sam2(tiny_vision.path("sam2"), choose("cpu"))
    boxes = [Box(left=20, top=20, right=120, bottom=150), Box(left=100, top=40, right=280, bottom=190)]
    together = list(model.masks(PHOTO, boxes))
    alone = [next(iter(model.masks(PHOTO, [box]))) for box in boxes]
    assert all(np.mean(one != other) < 0.01 for one, other in zip(together, alone, strict=True))


def test_half_precision_gives_the_same_masks_but_for_borders(tiny_vision: WeightStore) -> None:
    half = Hardware(device=torch.device("cpu"), dtype=torch.float16)
    boxes = [Box(left=20, top=20, right=220, bottom=180)]
    (full,), (halved,) = (
        list(Sam2(tiny_vision.path("sam2"), hardware).masks(PHOTO, boxes)) for hardware in (choose("cpu"), half)
    )
    assert np.mean(full != halved) < 0.02


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("form", ["torch", "plain pickle"])
def test_a_checkpoint_that_would_run_code_is_refused_unrun(tmp_path: Path, form: str) -> None:
    trace, file = tmp_path / "trace", tmp_path / "model.pt"
    if form == "torch":
        torch.save({"model": Bomb(trace)}, file)
    else:
        file.write_bytes(pickle.dumps({"model": Bomb(trace)}))
    with pytest.raises(WeightsCorrupt, match=r"model\.pt cannot be loaded"):
        yolo(file)
    assert not trace.exists()


class Call:
    """Pickles into a call."""

    def __init__(self, made: type, *arguments: object) -> None:
        self.call = (made, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


@pytest.mark.parametrize("made", ["TorchVision", "PoseModel", "DetectionModel"])
def test_a_checkpoint_that_would_have_something_fetched_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: str
) -> None:
    from ultralytics.nn import tasks
    from ultralytics.nn.modules import TorchVision

    asked: list[object] = []
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", lambda url, **_: asked.append(url))
    monkeypatch.setattr(tasks, "yaml_model_load", asked.append)
    kind = TorchVision if made == "TorchVision" else getattr(tasks, made)
    address = "squeezenet1_1" if made == "TorchVision" else "https://evil.example/model.yaml"
    torch.save({"model": Call(kind, address)}, tmp_path / "model.pt")
    with pytest.raises(WeightsCorrupt, match=rf"model\.pt cannot be loaded as a YOLO checkpoint: it makes a {made}"):
        yolo(tmp_path / "model.pt")
    assert asked == []


def test_broken_and_foreign_checkpoints_are_named(tiny_vision: WeightStore, tmp_path: Path) -> None:
    whole = tiny_vision.file("yolo11").read_bytes()
    for name, content in {"empty": b"", "cut": whole[: len(whole) // 2], "text": b"hello"}.items():
        file = tmp_path / f"{name}.pt"
        file.write_bytes(content)
        with pytest.raises(WeightsCorrupt, match=rf"{name}\.pt cannot be loaded"):
            yolo(file)
    torch.save({"state_dict": {"weight": torch.zeros(3)}}, tmp_path / "foreign.pt")
    with pytest.raises(WeightsCorrupt, match=r"foreign\.pt cannot be loaded"):
        yolo(tmp_path / "foreign.pt")
    with pytest.raises(WeightsMissing, match=r"absent\.pt is missing"):
        yolo(tmp_path / "absent.pt")


def test_a_checkpoint_of_another_code_base_is_refused() -> None:
    rooms = os.environ.get("MODOMO_ROOMS")
    if not rooms:
        pytest.skip("MODOMO_ROOMS names no real weights")
    with pytest.raises(WeightsCorrupt, match=r"yolov5n\.pt cannot be loaded"):
        yolo(Path(rooms) / "weights" / "yolov5n.pt")


def test_sam2_files_that_do_not_fit_are_refused(sam2_directory: Path) -> None:
    weights = sam2_directory / "model.safetensors"
    tensors = load_file(weights)
    name = "mask_decoder.iou_token.weight"
    save_file({key: tensor for key, tensor in tensors.items() if key != name}, weights, metadata={"format": "pt"})
    with pytest.raises(WeightsCorrupt, match=f"1 weights are missing or of another shape, the first {name}"):
        Sam2(sam2_directory, choose("cpu"))
    save_file({**tensors, name: torch.zeros(1, 7)}, weights, metadata={"format": "pt"})
    with pytest.raises(WeightsCorrupt, match="sam2 cannot be loaded"):
        Sam2(sam2_directory, choose("cpu"))
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(WeightsCorrupt, match="sam2 cannot be loaded"):
        Sam2(sam2_directory, choose("cpu"))


def test_an_unusable_normalisation_is_refused(sam2_directory: Path) -> None:
    (sam2_directory / "preprocessor_config.json").write_text(json.dumps({"image_mean": [0.5], "image_std": "none"}))
    with pytest.raises(WeightsCorrupt, match="image_mean or image_std"):
        Sam2(sam2_directory, choose("cpu"))


def test_missing_weights_name_the_command(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="pull yoloe --directory"):
        TorchDetector(WeightStore(tmp_path), CPU)


@pytest.mark.parametrize("device", ["cuda:17", "abacus"])
def test_a_device_that_is_not_there_is_named(tiny_vision: WeightStore, device: str) -> None:
    with pytest.raises(SettingsError, match=device):
        TorchDetector(tiny_vision, Options(device=device))


def test_after_running_out_of_memory_the_next_photo_is_answered(
    tiny_vision: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = TorchDetector(tiny_vision, CPU)
    with monkeypatch.context() as patch:
        # an allocation that no machine can serve, where the masks' memory is taken
        patch.setattr(Sam2, "_pixels", lambda _self, _photo: torch.empty(1 << 55))
        with pytest.raises(Exhausted, match="too little memory"):
            detector.detect(PHOTO, masks=True)
    assert detector.detect(PHOTO, masks=True)


def test_a_huge_photo_keeps_only_as_many_masks_as_fit(
    tiny_vision: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("detection.engine.torch_detector.MASK_PIXELS", PHOTO.shape[0] * PHOTO.shape[1] * 3)
    detector = TorchDetector(tiny_vision, CPU)
    every, fitting = detector.detect(PHOTO, masks=False), detector.detect(PHOTO, masks=True)
    assert len(every) > 3
    assert [one.box for one in fitting] == [one.box for one in every[:3]]


def test_loading_needs_no_network_and_leaves_the_home_directory_alone(tiny_vision: WeightStore, tmp_path: Path) -> None:
    program = f"""
        import socket
        from pathlib import Path
        from servicekit.weights import WeightStore

        def refuse(*arguments, **_options):
            raise AssertionError(f"network: {{arguments}}")

        socket.getaddrinfo = socket.create_connection = socket.socket.connect = refuse
        from detection.engine.torch_detector import Options, TorchDetector
        from ultralytics.utils import ONLINE, SAFE_LOAD, USER_CONFIG_DIR

        TorchDetector(WeightStore(Path({str(tiny_vision.directory)!r})), Options(device="cpu")).warm_up()
        print(ONLINE, SAFE_LOAD, USER_CONFIG_DIR)
    """
    environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    online, safe, configuration = done.stdout.split()[-3:]
    assert (online, safe) == ("False", "True")
    assert not Path(configuration).is_relative_to(tmp_path)
    assert not Path(configuration).exists(), "the process's own directory is gone with it"
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
