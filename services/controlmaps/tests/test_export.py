"""The exported networks answer as the torch networks do."""

from pathlib import Path

import numpy as np
import pytest

from servicekit.weights import WeightStore

pytest.importorskip("torch", reason="the torch extra is not installed")
pytest.importorskip("onnxruntime", reason="the export extra is not installed")

import onnxruntime

from controlmaps.engine.tasks import INPUT, OUTPUTS, DepthModel, Task, working_sizes
from controlmaps.engine.torch_networks import Options, TorchNetworks
from controlmaps.export import export

# the first test of a session loads torch and makes the tiny models
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize(
    ("task", "depth_model"),
    [
        (Task.CLASSIFICATION, "dpt"),
        (Task.DEPTH, "dpt"),
        (Task.DEPTH, "depth-anything-small"),
        (Task.SEGMENTATION, "dpt"),
    ],
)
def test_onnx_gives_the_same_answers_at_any_batch_size(
    tiny_vision: WeightStore, tmp_path: Path, task: Task, depth_model: DepthModel
) -> None:
    networks = TorchNetworks(tiny_vision, Options(depth_model=depth_model, device="cpu"), tasks=[task])
    size = working_sizes(depth_model)[task].of(3, 4)
    file = export(networks.networks[task], task, size, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(11)
    for batch in (1, 3):
        pixels = random.integers(0, 256, (batch, *size, 3), dtype=np.uint8)
        exported = session.run(list(OUTPUTS[task]), {INPUT: pixels})
        for name, ours, theirs in zip(OUTPUTS[task], networks.infer(task, pixels), exported, strict=True):
            assert theirs.dtype == ours.dtype
            if name == "labels":
                assert np.mean(ours == theirs) > 0.999
            else:
                np.testing.assert_allclose(theirs, ours, atol=2e-3 * max(1.0, float(np.abs(ours).max())))
