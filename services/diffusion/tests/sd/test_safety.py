"""Results that are looked at before they leave, with a tiny checker."""

from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch

from diffusion.domain import PreviewFrame, Result
from diffusion.engine.torch import TorchEngine
from diffusion.sd.options import Options
from diffusion.sd.safety import load_safety_checker
from servicekit.errors import FailedPrecondition
from servicekit.inference import hardware
from servicekit.inference.executor import DeviceExecutor
from servicekit.weights import WeightsMissing, WeightStore
from tests.fixtures.compute_device import DEVICE
from tools.gpu.requests import restyling

pytestmark = pytest.mark.slow  # loads torch and makes the tiny models


async def test_results_are_checked_and_unchecked_previews_left_out(
    tiny_diffusion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = TorchEngine(
        Options(weights=tiny_diffusion, device=DEVICE, variants_at_once=1, finished_side=0, safety="check"),
        DeviceExecutor("diffusion"),
    )
    await engine.load()

    async def steps() -> list[Any]:
        async with aclosing(engine.transform(restyling(strength=0.2, previews=2))) as made:
            return [step async for step in made]

    made = await steps()
    assert not [step for step in made if isinstance(step, PreviewFrame)]
    assert isinstance(made[-1], Result)
    manifest = made[-1].manifest
    assert manifest.safety_checked
    assert "stable-diffusion-v1-5/stable-diffusion-v1-5" in {model.name for model in manifest.engine.models}
    assert {model.licence for model in manifest.engine.models} >= {"CreativeML-OpenRAIL-M"}
    checker = engine._pipeline._models.safety_checker._checker  # type: ignore[union-attr]
    monkeypatch.setattr(checker, "concept_embeds_weights", torch.nn.Parameter(torch.full((17,), -2.0)))
    with pytest.raises(FailedPrecondition, match="UNSAFE_RESULT"):
        await steps()
    await engine.close()


def test_a_checker_that_is_asked_for_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="safety-checker"):
        load_safety_checker(WeightStore(tmp_path), hardware.choose("cpu"))
