"""Our denoising loop makes the pictures that the stock pipelines of diffusers make, or DeepCache's authors of them."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

from diffusion.sd.options import Control
from diffusion.sd.plan import Mode
from tools.gpu.parity import Case, Comparison, cases, production, reused, shortcuts

pytestmark = pytest.mark.slow  # loads torch and makes the tiny models

TOLERANCE = 1e-5
AUTHORS = Path(__file__).parents[4] / "build" / "annotators" / "DeepCache" / "extension" / "deepcache.py"


def deep_cache() -> Callable[..., Any]:
    """The authors' class; their package as a whole imports pipelines that diffusers has changed since."""
    found = importlib.util.spec_from_file_location("deepcache_authors", AUTHORS)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    made: Callable[..., Any] = module.DeepCacheSDHelper
    return made


@pytest.fixture(scope="module")
def comparison(tiny_diffusion: Path) -> Comparison:
    return Comparison(tiny_diffusion, deep_cache=deep_cache() if AUTHORS.is_file() else None)


@pytest.mark.parametrize("case", [*cases(), *production(), *shortcuts()], ids=lambda case: case.name)
def test_same_picture_as_stock(comparison: Comparison, case: Case) -> None:
    assert comparison.difference(case) <= TOLERANCE


@pytest.mark.skipif(not AUTHORS.is_file(), reason="`make build/annotators/ready` gets the authors' package")
@pytest.mark.parametrize("case", [*reused()], ids=lambda case: case.name)
def test_same_picture_as_the_authors_of_deep_cache(comparison: Comparison, case: Case) -> None:
    assert comparison.difference(case) <= TOLERANCE


def test_comparison_sees_a_controlnet_that_steers_otherwise(
    comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(mode=Mode.IMAGE, controls=(Control.DEPTH,))
    monkeypatch.setattr("diffusion.sd.recipes.ControlSchedule.active", lambda *_arguments: False)
    assert comparison.difference(case) > 100 * TOLERANCE
