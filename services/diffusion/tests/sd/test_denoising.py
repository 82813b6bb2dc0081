"""Our denoising loop makes the pictures that the stock pipelines of diffusers make."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

from diffusion.sd.options import Control
from diffusion.sd.plan import Mode
from tools.gpu.parity import Case, Comparison, cases, production

pytestmark = pytest.mark.slow  # loads torch and makes the tiny models

TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def comparison(tiny_diffusion: Path) -> Comparison:
    return Comparison(tiny_diffusion)


@pytest.mark.parametrize("case", [*cases(), *production()], ids=lambda case: case.name)
def test_same_picture_as_stock(comparison: Comparison, case: Case) -> None:
    assert comparison.difference(case) <= TOLERANCE


def test_comparison_sees_a_controlnet_that_steers_otherwise(
    comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(mode=Mode.IMAGE, controls=(Control.DEPTH,))
    monkeypatch.setattr("diffusion.sd.recipes.ControlSchedule.active", lambda *_arguments: False)
    assert comparison.difference(case) > 100 * TOLERANCE
