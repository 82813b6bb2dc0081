"""The times that the simulation goes by are those of the code and of what was measured."""

import re
from pathlib import Path

import pytest

from diffusion.sd.options import Control, Structure
from diffusion.sd.recipes import FINISH_STRENGTH, STRUCTURES
from diffusion.sd.tiers import HYPER_SD, QUALITY
from diffusion.styles import read_styles
from gateway.jobs.request import JobRequest, Preferences
from gateway.jobs.work import expected_work
from research.capacity import service_times

BENCHMARKS = Path(__file__).parents[3] / "BENCHMARKS.md"


@pytest.mark.parametrize("variants", [1, 2, 4])
@pytest.mark.parametrize("side", [(768, 768), (1024, 768), (1024, 1024)])
@pytest.mark.parametrize("strength", [0.3, 0.6, 0.9])
def test_what_a_job_is_charged_is_near_what_a_t4_spends_on_it(
    variants: int, side: tuple[int, int], strength: float
) -> None:
    """Whoever claims goes by `expected_work`; the cost model knows the passes. Whole numbers cannot be nearer."""
    asked = Preferences(variants=variants, strength=strength)
    job = JobRequest(style="modern", preferences=asked, photo_digest="", width=side[0], height=side[1])
    steps = int(QUALITY.steps * strength)
    first = service_times.drawing(pixels=768**2, steps=steps, windows=service_times.LINES)
    finish = service_times.drawing(pixels=side[0] * side[1], steps=min(8, steps), windows=[(0.0, 1.0)])
    seconds = variants * (first + (finish if side[0] * side[1] > 1.2 * 768**2 else 0.0))
    usual = service_times.drawing(pixels=768**2, steps=QUALITY.steps, windows=service_times.LINES)
    assert 0.35 <= expected_work(job) * usual / seconds <= 2.0 or expected_work(job) == 1


def test_the_times_are_those_of_the_code() -> None:
    style = read_styles()["modern"]
    assert int(QUALITY.steps * style.strength) == service_times.STEPS
    assert int(HYPER_SD.steps * style.strength) == service_times.FAST_STEPS
    edges, lines = STRUCTURES[Structure.EDGES], STRUCTURES[Structure.LINES]
    windows = [edges[control].end for control in (Control.DEPTH, Control.SEGMENTATION, Control.CANNY)]
    assert tuple(windows) == service_times.WINDOWS
    assert tuple((one.start, one.end) for one in lines.values()) == service_times.LINES
    assert int(QUALITY.steps * FINISH_STRENGTH) == service_times.FINISH_STEPS
    active = [
        sum(recipe[control].active(step, service_times.STEPS) for control in recipe for step in range(21))
        for recipe in (edges, lines)
    ]
    assert active == [38, 12]
    assert service_times.one_pass() == pytest.approx(21 * 0.145 + 38 * 0.06 + 0.48)
    three = [(0.0, 1.0)] * 3
    assert service_times.drawing(pixels=512**2, steps=20, windows=three) == pytest.approx(6.8, abs=0.2)  # its example


def test_operations_grow_as_they_were_counted() -> None:
    """Of a picture in 20 steps with one to three ControlNets, which share them evenly from there on (BENCHMARKS.md)."""
    counted = {
        (int(side), int(nets)): float(stock)
        for side, nets, stock in re.findall(r"^\| (\d+)², (\d) ControlNets? \| ([\d.]+) ", BENCHMARKS.read_text(), re.M)
    }
    for square, nets in zip(service_times.SQUARE_OF_GROWTH, ((1,), (2, 1)), strict=True):
        small, large = (counted[side, nets[0]] - sum(counted[side, other] for other in nets[1:]) for side in (512, 768))
        assert service_times.growth(768**2, square) == pytest.approx(large / small, rel=0.01)
        assert service_times.growth(512**2, square) == pytest.approx(1.0)
