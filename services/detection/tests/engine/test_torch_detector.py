"""What only the torch detector can get wrong: its files, its device, its packages' habits."""

import logging
import os
import pickle
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
from PIL import Image

from detection.domain import Box
from detection.engine import names
from detection.engine.torch_detector import Options, TorchDetector
from detection.engine.torch_sam2 import Sam2
from detection.engine.torch_yolo import Yolo
from servicekit.inference.hardware import choose

# the first test of a session loads torch and makes the tiny models
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CPU = Options(device="cpu")
PHOTO = np.random.default_rng(5).integers(0, 255, (200, 300, 3), dtype=np.uint8)

COCO = ["chair", "couch", "potted plant", "bed", "dining table", "toilet", "tv", "microwave", "oven", "sink", "bench"]
COCO += ["refrigerator", "clock", "vase"]
"""The classes that furnish a room."""


def yolo(file: Path) -> Yolo:
    return Yolo(file, choose("cpu"), side=320, min_confidence=0.25)


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


BOXES = [Box(left=20, top=20, right=120, bottom=150), Box(left=100, top=40, right=280, bottom=190)]


@pytest.fixture(scope="module")
def sam2(tiny_vision: WeightStore) -> Sam2:
    return Sam2(tiny_vision.file("sam2"), choose("cpu"))


def test_sam2_looks_once_and_cuts_all_boxes_out_in_one_batch(sam2: Sam2) -> None:
    calls: list[str] = []
    for name in ("image_encoder", "sam_mask_decoder"):
        module = getattr(sam2._predictor.model, name)
        module.register_forward_hook(lambda *_arguments, name=name: calls.append(name))
    regions = list(sam2.masks(PHOTO, BOXES * 6))
    assert calls == ["image_encoder", "sam_mask_decoder"]
    assert [region.shape for region in regions] == [(200, 300)] * 12
    assert list(sam2.masks(PHOTO, [])) == []


def test_the_package_does_not_tell_of_every_photo_and_others_still_may(
    sam2: Sam2, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        assert list(sam2.masks(PHOTO, BOXES))
        logging.getLogger("ours").info("something else")
    assert [record.message for record in caplog.records] == ["something else"]


def test_masks_do_not_depend_on_the_other_boxes(sam2: Sam2) -> None:
    together = list(sam2.masks(PHOTO, BOXES))
    alone = [next(iter(sam2.masks(PHOTO, [box]))) for box in BOXES]
    assert all(np.mean(one != other) < 0.01 for one, other in zip(together, alone, strict=True))


def test_masks_are_the_packages_own_predictors_also_of_a_photo_larger_than_the_model_sees(sam2: Sam2) -> None:
    box, small = BOXES[0], np.ascontiguousarray(PHOTO[:, :240])
    with torch.inference_mode():
        sam2._predictor.set_image(small)
        stock, _scores, _logits = sam2._predictor.predict(
            box=np.array([box.left, box.top, box.right, box.bottom]), multimask_output=False
        )
    assert np.array_equal(next(sam2.masks(small, [box])), stock[0] > 0)
    large = np.asarray(Image.fromarray(small).resize((1200, 1000), Image.Resampling.NEAREST))
    enlarged = Box(left=box.left * 5, top=box.top * 5, right=box.right * 5, bottom=box.bottom * 5)
    found = next(sam2.masks(large, [enlarged]))
    assert found.shape == (1000, 1200)
    assert np.mean(found[2::5, 2::5] != (stock[0] > 0)) < 0.1


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


def test_a_checkpoint_for_video_holds_all_that_pictures_need(tmp_path: Path) -> None:
    """What is published is one file for both, its memory of earlier frames included."""
    from sam2.build_sam import build_sam2_video_predictor

    from detection.engine.torch_sam2 import SIDE, overrides
    from tests.fixtures.tiny_vision import SAM2_WIDTH

    with torch.random.fork_rng(devices=[]):
        model = build_sam2_video_predictor(
            "configs/sam2.1/sam2.1_hiera_s.yaml", None, device="cpu", hydra_overrides_extra=overrides(SAM2_WIDTH, SIDE)
        )
    torch.save({"model": model.state_dict()}, tmp_path / "sam2.1_hiera_small.pt")
    assert (
        len(Sam2(tmp_path / "sam2.1_hiera_small.pt", choose("cpu"))._predictor.model.image_encoder.trunk.blocks) == 16
    )


def test_sam2_files_that_do_not_fit_are_refused(tiny_vision: WeightStore, tmp_path: Path) -> None:
    whole = torch.load(tiny_vision.file("sam2"), weights_only=True)["model"]
    file = tmp_path / "sam2.1_hiera_small.pt"
    name = "sam_mask_decoder.iou_token.weight"
    cases = {
        "Missing key": {key: tensor for key, tensor in whole.items() if key != name},
        "size mismatch": {**whole, name: torch.zeros(1, 7)},
        "it is SAM 2, not SAM 2.1": {key: tensor for key, tensor in whole.items() if "tpos" not in key},
        "transformers' form is not this one": {"vision_encoder.backbone.blocks.0.layer_norm1.weight": torch.zeros(3)},
    }
    for problem, tensors in cases.items():
        torch.save({"model": tensors}, file)
        with pytest.raises(WeightsCorrupt, match=rf"sam2\.1_hiera_small\.pt cannot be loaded as a SAM 2\.1.*{problem}"):
            Sam2(file, choose("cpu"))
    file.write_bytes(tiny_vision.file("sam2").read_bytes()[:1000])
    with pytest.raises(WeightsCorrupt, match="cannot be loaded"):
        Sam2(file, choose("cpu"))


def test_a_sam2_checkpoint_that_would_run_code_is_refused_unrun(tmp_path: Path) -> None:
    torch.save({"model": Bomb(tmp_path / "trace")}, tmp_path / "sam2.1_hiera_small.pt")
    with pytest.raises(WeightsCorrupt, match="cannot be loaded"):
        Sam2(tmp_path / "sam2.1_hiera_small.pt", choose("cpu"))
    assert not (tmp_path / "trace").exists()


def test_a_prompt_free_checkpoint_without_its_vocabulary_names_the_remedy(
    tiny_vision: WeightStore, tmp_path: Path
) -> None:
    from tests.fixtures.tiny_yolo import write_yoloe

    assert yolo(tiny_vision.file("yoloe")).detect(PHOTO)
    with torch.random.fork_rng(devices=[]):
        write_yoloe(tmp_path / "yoloe-11l-seg-pf.pt", names=("object",))
    with pytest.raises(
        WeightsCorrupt, match=r"seg-pf\.pt knows everything by the one name 'object'.*weights pull yoloe"
    ):
        yolo(tmp_path / "yoloe-11l-seg-pf.pt")


def test_missing_weights_name_the_command(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="pull yolo11 --directory"):
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
        patch.setattr(Sam2, "_shown", lambda _self, _photo: torch.empty(1 << 55))
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
