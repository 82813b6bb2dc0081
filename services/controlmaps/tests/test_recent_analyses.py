"""One analysis for several questions about one photo."""

import asyncio

import numpy as np
import pytest

from controlmaps.domain import RGB
from controlmaps.engine.recent import LARGEST_KEPT, Recent


class Counting:
    """Work that is held back until the test lets it go."""

    def __init__(self) -> None:
        self.started = 0
        self.reached = asyncio.Event()
        self.gate = asyncio.Event()
        self.failure: Exception | None = None

    async def __call__(self, photo: RGB) -> int:
        self.started += 1
        self.reached.set()
        await self.gate.wait()
        if self.failure:
            raise self.failure
        return int(photo.sum())


def photo(level: int, shape: tuple[int, int] = (4, 6)) -> RGB:
    return np.full((*shape, 3), level, dtype=np.uint8)


async def test_questions_at_the_same_time_share_one_answer() -> None:
    work = Counting()
    recent = Recent(work, limit=2)
    questions = [asyncio.create_task(recent.get(photo(1))) for _ in range(3)]
    await work.reached.wait()
    work.gate.set()
    assert await asyncio.gather(*questions) == [72, 72, 72]
    assert await recent.get(photo(1)) == 72
    assert work.started == 1


async def test_one_who_leaves_does_not_take_the_answer_along() -> None:
    work = Counting()
    recent = Recent(work, limit=2)
    leaving = asyncio.create_task(recent.get(photo(1)))
    await work.reached.wait()
    staying = asyncio.create_task(recent.get(photo(1)))
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    work.gate.set()
    assert await staying == 72
    assert work.started == 1


async def test_failures_are_told_and_forgotten() -> None:
    work = Counting()
    work.gate.set()
    work.failure = RuntimeError("no")
    recent = Recent(work, limit=2)
    with pytest.raises(RuntimeError):
        await recent.get(photo(1))
    work.failure = None
    assert await recent.get(photo(1)) == 72


async def test_only_the_last_few_are_kept() -> None:
    work = Counting()
    work.gate.set()
    recent = Recent(work, limit=2)
    for level in (1, 2, 1, 3, 1):
        await recent.get(photo(level))
    assert work.started == 3
    await recent.get(photo(2))
    assert work.started == 4


async def test_same_bytes_of_another_shape_are_another_photo() -> None:
    work = Counting()
    work.gate.set()
    recent = Recent(work, limit=4)
    await recent.get(photo(1, (4, 6)))
    await recent.get(photo(1, (6, 4)))
    assert work.started == 2


@pytest.mark.slow
async def test_huge_photos_are_not_kept() -> None:
    work = Counting()
    work.gate.set()
    recent = Recent(work, limit=4)
    huge = np.zeros((LARGEST_KEPT // 2000 + 1, 2000, 3), dtype=np.uint8)
    await recent.get(huge)
    await recent.get(huge)
    assert work.started == 2
