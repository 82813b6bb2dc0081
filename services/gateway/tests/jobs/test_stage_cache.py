"""The cache of stages: what it returns, for how long, and what it survives."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from gateway.jobs.stage import Stage
from gateway.jobs.stage_cache import StageCache
from servicekit.inference.engine import EngineInfo, Model
from servicekit.storage.local import LocalStore

DIGEST = "ab" * 32
ENGINE = EngineInfo(name="test", models=(Model(name="m", revision="1"),))


@dataclass(frozen=True, kw_only=True)
class Made:
    data: bytes
    engine: EngineInfo = ENGINE


class Calendar:
    """A day that a test can move on."""

    def __init__(self) -> None:
        self.day = date(2026, 2, 27)

    def __call__(self) -> date:
        return self.day


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path)


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
async def cache(store: LocalStore, calendar: Calendar) -> AsyncIterator[StageCache]:
    cache = StageCache(store, days=2, today=calendar)
    yield cache
    await cache.flush()


async def _look(
    cache: StageCache, *, digest: str = DIGEST, stage: Stage = Stage.DETECT, engine: EngineInfo = ENGINE
) -> bool:
    """Whether the cache had it; it has it afterwards."""
    made = 0

    async def make() -> Made:
        nonlocal made
        made += 1
        return Made(data=b"\x00\xff", engine=engine)

    assert await cache.get_or_make(stage, digest, Made, make) == Made(data=b"\x00\xff", engine=engine)
    await cache.flush()
    return not made


async def test_second_look_finds_it(cache: StageCache) -> None:
    assert not await _look(cache)
    assert await _look(cache)


async def test_other_contents_and_other_stages_are_other_entries(cache: StageCache) -> None:
    assert not await _look(cache)
    assert not await _look(cache, digest="cd" * 32)
    assert not await _look(cache, stage=Stage.ANALYZE)


async def test_entry_lasts_for_its_days(cache: StageCache, calendar: Calendar) -> None:
    await _look(cache)
    calendar.day += timedelta(days=2)
    assert await _look(cache)
    calendar.day += timedelta(days=1)
    assert not await _look(cache)


async def test_another_process_finds_it(cache: StageCache, store: LocalStore, calendar: Calendar) -> None:
    await _look(cache)
    assert await _look(StageCache(store, days=2, today=calendar))


async def test_entry_of_a_former_engine_counts_for_nothing(cache: StageCache) -> None:
    newer = EngineInfo(name="test", models=(Model(name="m", revision="2"),))
    await _look(cache)
    assert not await _look(cache, digest="cd" * 32, engine=newer)
    assert not await _look(cache, engine=newer)
    assert await _look(cache, engine=newer)


@pytest.mark.parametrize("broken", [b"", b"\xc1", b"\x80", b"not what was kept"])
async def test_broken_entry_is_made_anew(cache: StageCache, store: LocalStore, broken: bytes) -> None:
    await _look(cache)
    (key,) = [key async for key in store.list("cache/")]
    await store.put(key, broken, content_type="application/octet-stream")
    assert not await _look(cache)
    assert await _look(cache)


async def test_entry_that_a_power_failure_has_damaged_is_made_anew(cache: StageCache, store: LocalStore) -> None:
    await _look(cache)
    (key,) = [key async for key in store.list("cache/")]
    damaged = (await store.get(key)).replace(b"\x00\xff", b"\x00\x00")
    await store.put(key, damaged, content_type="application/octet-stream")
    assert not await _look(cache)
    assert await _look(cache)


async def test_store_that_does_not_answer_costs_no_result(cache: StageCache, tmp_path: Path) -> None:
    (tmp_path / "incoming").rmdir()
    assert not await _look(cache)
    assert not await _look(cache)


async def test_failed_making_keeps_nothing(cache: StageCache, store: LocalStore) -> None:
    async def fail() -> Made:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await cache.get_or_make(Stage.DETECT, DIGEST, Made, fail)
    await cache.flush()
    assert [key async for key in store.list("")] == []


async def test_sweeping_removes_what_is_too_old_alone(cache: StageCache, store: LocalStore, calendar: Calendar) -> None:
    await _look(cache)
    calendar.day += timedelta(days=2)
    await _look(cache, digest="cd" * 32)
    await store.put("jobs/1/original.jpg", b"x", content_type="image/jpeg")
    await cache.sweep()
    assert len([key async for key in store.list("cache/")]) == 2
    calendar.day += timedelta(days=1)
    await asyncio.gather(cache.sweep(), cache.sweep())
    assert [key.split("/")[2] async for key in store.list("cache/")] == ["2026-03-01"]
    assert [key async for key in store.list("jobs/")] == ["jobs/1/original.jpg"]
