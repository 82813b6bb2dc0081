"""What is said of memory: what grows is told from what only wavers."""

import random

import pytest

from tools.chaos.soak import MOST_MEGABYTES_AN_HOUR, slope


def notes(an_hour: float, *, noise: float) -> list[tuple[float, float]]:
    """Half an hour of a process, as often as a soak looks."""
    chance, level, found = random.Random(1), 0.0, []
    for second in range(1800):
        level = 0.95 * level + chance.gauss(0, noise)  # what follows is alike
        found.append((second / 3600, 200 + an_hour * second / 3600 + level))
    return found


@pytest.mark.parametrize("an_hour", [0.0, 40.0, -40.0])
def test_the_slope_is_within_its_interval(an_hour: float) -> None:
    found = slope(notes(an_hour, noise=0.2))
    assert abs(found.an_hour - an_hour) <= found.margin < 5


def test_a_leak_is_told_from_noise() -> None:
    assert slope(notes(0.0, noise=1.0)).flat
    assert not slope(notes(3 * MOST_MEGABYTES_AN_HOUR, noise=0.2)).flat


def test_too_few_notes_say_nothing() -> None:
    with pytest.raises(ValueError, match="too few"):
        slope(notes(0.0, noise=1.0)[:5])
