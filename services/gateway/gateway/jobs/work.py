"""How much work a job is expected to be, before anybody has begun it."""

from typing import Final

from gateway.jobs.request import JobRequest
from servicekit.types.modes import RoomMode

CANVAS_PIXELS: Final = 768 * 768
"""What the quality tier works on: a smaller photo is no less work, the second pass over a larger one is more."""
LEAST_SHARE: Final = 0.25
"""Of a picture's work, what reading, decoding and judging it take however few of its steps are run."""


MAX_VARIANTS: Final = 4


def most_work(long_side: int) -> int:
    """What the largest job is expected to be where photos are kept with at most so many pixels on their long side."""
    return max(1, round(MAX_VARIANTS * max(1.0, long_side**2 / CANVAS_PIXELS)))


def expected_work(job: JobRequest) -> int:
    """In pictures of the usual size with all their steps, at least 1.

    As many as there are variants, by the photo's size, and by the share of the steps that a strength runs; `stage` and
    `declutter` run all.
    """
    preferences = job.preferences
    size = max(1.0, job.width * job.height / CANVAS_PIXELS)
    strength = preferences.strength if preferences.mode is RoomMode.RESTYLE else None
    share = 1.0 if strength is None else max(LEAST_SHARE, strength)
    return max(1, round(preferences.variants * size * share))
