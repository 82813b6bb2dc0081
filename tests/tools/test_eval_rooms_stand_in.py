"""A real small network in place of labels."""

import importlib.util
from pathlib import Path

import pytest

from tools.eval_rooms import collection, ground_truth, scores, stand_in
from tools.eval_rooms.ground_truth import UNLABELLED

HAS_LITERT = importlib.util.find_spec("ai_edge_litert") is not None


def test_a_folder_without_weights_has_no_stand_in(tmp_path: Path) -> None:
    network, about = stand_in.load(tmp_path)
    assert network is None
    assert "no weights" in about


@pytest.mark.skipif(not HAS_LITERT, reason="ai-edge-litert, which runs the weights, is published for Linux alone")
def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/deeplabv3-ade20k_1_any.tflite").write_bytes(b"no network")
    network, about = stand_in.load(tmp_path)
    assert network is None
    assert about.startswith("none: ")


@pytest.mark.skipif(not HAS_LITERT, reason="ai-edge-litert, which runs the weights, is published for Linux alone")
def test_what_it_is_sure_of_agrees_with_real_labels(rooms_folder: Path) -> None:
    network, about = stand_in.load(rooms_folder)
    if network is None:
        pytest.skip(f"MODOMO_ROOMS has no such network: {about}")
    source = next(one for one in collection.find(rooms_folder).sources if one.ade20k is not None)
    photo = ground_truth.read(source)
    assert photo.surfaces is not None
    sure = network.surfaces(photo.rgb)
    assert sure.shape == photo.rgb.shape[:2]
    assert 0.2 < (sure != UNLABELLED).mean() < 0.98
    known = photo.surfaces[sure != UNLABELLED]
    right = scores.accuracy(scores.confusion(known, sure[sure != UNLABELLED]))
    assert right > scores.accuracy(scores.confusion(photo.surfaces, sure % len(ground_truth.SURFACES)))
    assert right > 0.75
