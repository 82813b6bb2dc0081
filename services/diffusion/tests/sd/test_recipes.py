"""In which steps a ControlNet takes part, and with what scale. Needs no torch."""

import pytest

from diffusion.sd.options import Control, Structure
from diffusion.sd.recipes import STRUCTURES, ControlSchedule, needed


def test_a_schedule_follows_the_stock_rule() -> None:
    schedule = ControlSchedule(scale=1.0, start=0.2, end=0.5)
    assert [step for step in range(10) if schedule.active(step, 10)] == [2, 3, 4]
    assert not ControlSchedule(scale=0.0).active(0, 10)


def test_lines_are_steered_as_the_published_pipeline_steers_them() -> None:
    """The arguments of the call in neuralwork/sd-interior-design's predict.py at 9ff98cf."""
    controls = (Control.SEGMENTATION, Control.MLSD)
    lines = STRUCTURES[Structure.LINES]
    assert tuple(lines) == controls
    assert [lines[control].scale for control in controls] == [0.4, 0.2]
    assert [lines[control].start for control in controls] == [0, 0.1]
    assert [lines[control].end for control in controls] == [0.5, 0.25]


def test_one_controlnet_alone_is_all_that_is_needed_and_leaves_the_last_of_four_steps() -> None:
    for structure, control in ((Structure.DEPTH, Control.DEPTH), (Structure.SURFACES, Control.SEGMENTATION)):
        assert needed(structure) == {control}
        assert [STRUCTURES[structure][control].active(step, 4) for step in range(4)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("structure", "without"), [(Structure.LINES, {Control.CANNY}), (Structure.EDGES, {Control.MLSD})]
)
def test_only_what_a_structure_runs_is_loaded(structure: Structure, without: set[Control]) -> None:
    assert without.isdisjoint(needed(structure))
