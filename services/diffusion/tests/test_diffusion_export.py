"""What is exported for TensorRT gives the numbers of the models themselves, at every size, by ONNX Runtime."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import onnxruntime

from diffusion import export
from diffusion.sd import models, traceable
from diffusion.sd.models import Models
from diffusion.sd.options import Control, Options, Structure
from servicekit.inference import hardware

pytestmark = pytest.mark.slow  # loads torch and makes the tiny models


@pytest.fixture(scope="module")
def loaded(tiny_diffusion: Path) -> Models:
    options = Options(
        weights=tiny_diffusion,
        device="cpu",
        base="sd15",
        structure=Structure.DEPTH,
        controlnets=(Control.DEPTH,),
        fast_lora="none",
    )
    return models.load(options, hardware.choose("cpu"))


def test_every_model_gives_the_same_at_other_sizes_and_batches(loaded: Models, tmp_path: Path) -> None:
    sizes = export.buckets(loaded)
    names = []
    for network in export.networks(loaded):
        file = export.export(network, tmp_path, sizes)
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        for batch, size in ((1, sizes[-1]), (2, (12, 20))):
            given = traceable.example(network.shapes(batch, *size))
            expected = network.module(*given)
            named = {one.name: tensor.numpy() for one, tensor in zip(session.get_inputs(), given, strict=True)}
            for one, other in zip(
                session.run(None, named), expected if network.outputs > 1 else [expected], strict=True
            ):
                assert np.abs(one - other.numpy()).max() < 1e-4
        names.append(network.name)
    assert names == ["unet-quality-fast", "controlnet-depth"]
    script = (tmp_path / "controlnet-depth" / "build.sh").read_text()
    assert script.count("--trt-opt-shapes 'sample:") == len(sizes)
    height, width = sizes[0]
    assert f"--trt-max-shapes 'sample:[8,4,{height},{width}]' 'text:[8,77,32]'" in script
