"""The vision models on a GPU, in half precision, see what they see on the host; and they survive full memory."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the torch extras are not installed")

import torch

from controlmaps.engine.tasks import Task
from controlmaps.engine.torch_networks import Options as NetworkOptions
from controlmaps.engine.torch_networks import TorchNetworks
from detection.engine.torch_detector import Options, TorchDetector
from servicekit.errors import Exhausted
from servicekit.weights import WeightStore
from tests.fixtures.rooms import draw_room

pytestmark = [
    pytest.mark.slow,
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU here"),
]

SIZES = {Task.CLASSIFICATION: (224, 224), Task.DEPTH: (384, 384), Task.SEGMENTATION: (512, 672)}


def test_networks_answer_as_on_the_host_and_again_after_full_memory(tiny_vision: WeightStore) -> None:
    host, device = (TorchNetworks(tiny_vision, NetworkOptions(device=name)) for name in ("cpu", "cuda"))
    answers = {}
    for task, (height, width) in SIZES.items():
        pixels = draw_room(width, height).photo[np.newaxis]
        ours, answers[task] = host.infer(task, pixels)[0], device.infer(task, pixels)[0]
        if task is Task.SEGMENTATION:
            assert np.mean(ours == answers[task]) > 0.95
        else:
            assert np.abs(ours - answers[task]).max() < 0.05 * max(1.0, float(np.abs(ours).max()))
    room = draw_room(672, 512).photo[np.newaxis]
    torch.cuda.empty_cache()
    full = torch.cuda.memory_allocated() / torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(full)
    try:
        with pytest.raises(Exhausted, match="OUT_OF_MEMORY"):
            device.infer(Task.SEGMENTATION, room)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert np.array_equal(device.infer(Task.SEGMENTATION, room)[0], answers[Task.SEGMENTATION])


def test_detections_are_the_hosts_and_the_same_every_time(tiny_vision: WeightStore) -> None:
    photo = draw_room(640, 480).photo
    host, device = (TorchDetector(tiny_vision, Options(device=name)) for name in ("cpu", "cuda"))
    expected = host.detect(photo, masks=True)
    first, again = device.detect(photo, masks=True), device.detect(photo, masks=True)
    assert [(one.label, one.box) for one in first] == [(one.label, one.box) for one in again]
    assert abs(len(first) - len(expected)) <= max(2, len(expected) // 5)
    assert first[0].label == expected[0].label
    assert first[0].confidence == pytest.approx(expected[0].confidence, abs=0.05)
