"""The work that a job is expected to be."""

from typing import Any

import pytest

from gateway.jobs.request import JobRequest, Preferences
from gateway.jobs.work import expected_work, most_work
from servicekit.types.modes import RoomMode


def work(width: int, height: int, **preferences: Any) -> int:
    asked = Preferences(**preferences)
    return expected_work(JobRequest(style="boho", preferences=asked, photo_digest="", width=width, height=height))


def test_a_picture_of_the_usual_size_is_one() -> None:
    assert work(768, 768) == work(1024, 576) == work(320, 256) == work(1024, 768) == 1


def test_variants_and_size_count() -> None:
    assert work(768, 768, variants=4) == 4
    assert work(1024, 1024, variants=4) == 7
    assert work(2048, 1536) == 5
    assert most_work(1024) == work(1024, 1024, variants=4)
    assert most_work(512) == 4


def test_a_strength_that_runs_a_part_of_the_steps_is_less_work_unless_the_mode_runs_all() -> None:
    assert work(768, 768, variants=4, strength=0.5) == 2
    assert work(768, 768, variants=4, strength=0.0) == 1, "decoding and judging remain"
    assert work(768, 768, variants=4, mode=RoomMode.STAGE) == 4


@pytest.mark.parametrize("strength", [0.0, 0.1])
def test_every_job_is_some_work(strength: float) -> None:
    assert work(256, 256, strength=strength) == 1
