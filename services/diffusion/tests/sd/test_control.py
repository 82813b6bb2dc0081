"""In which steps a ControlNet takes part."""

import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

from diffusion.sd.control import ControlSchedule

pytestmark = pytest.mark.slow  # loads torch


def test_a_schedule_follows_the_stock_rule() -> None:
    schedule = ControlSchedule(scale=1.0, start=0.2, end=0.5)
    assert [step for step in range(10) if schedule.active(step, 10)] == [2, 3, 4]
    assert not ControlSchedule(scale=0.0).active(0, 10)
