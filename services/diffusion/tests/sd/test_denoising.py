"""Our denoising loop makes the pictures that the stock pipelines of diffusers make."""

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

from diffusion.sd import control
from diffusion.sd.options import Control
from diffusion.sd.plan import Mode
from diffusion.sd.schedulers import Sampler
from tools.gpu.parity import Case, Comparison, cases

pytestmark = pytest.mark.slow  # loads torch and makes the tiny models

TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def comparison(tiny_diffusion: Path) -> Comparison:
    return Comparison(tiny_diffusion)


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_same_picture_as_stock(comparison: Comparison, case: Case) -> None:
    assert comparison.difference(case) <= TOLERANCE


def test_comparison_sees_a_controlnet_that_steers_otherwise(
    comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = replace(control.CONTROL_SCHEDULES[Control.DEPTH], scale=0.6)
    monkeypatch.setattr("diffusion.sd.pipeline.CONTROL_SCHEDULES", {**control.CONTROL_SCHEDULES, Control.DEPTH: ours})
    case = Case(mode=Mode.IMAGE, sampler=Sampler.DPMPP_2M, controlnets=1)
    assert comparison.difference(case) > 100 * TOLERANCE
