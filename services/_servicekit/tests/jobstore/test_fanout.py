"""One job's events to many watchers, from sources of both kinds: all that has happened at once, or one by one."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest

from servicekit.errors import Exhausted, InvalidArgument, NotFound, Unavailable
from servicekit.jobstore import Event
from servicekit.jobstore.fanout import EventFanout
from tests.fixtures.jobstore import events_until

EVENTS = events_until(6)
JOB = EVENTS[0].job_id


class ScriptedSource:
    """Gives what a test puts: batches, or an error."""

    def __init__(self) -> None:
        self.opened = 0
        self.closed = asyncio.Event()
        self.script: asyncio.Queue[Sequence[Event] | Exception] = asyncio.Queue()

    async def watch(self, job_id: str) -> AsyncGenerator[Sequence[Event], None]:
        self.opened += 1
        self.closed.clear()
        try:
            while True:
                given = await self.script.get()
                if isinstance(given, Exception):
                    raise given
                yield given
                if given[-1].terminal:
                    return
        finally:
            self.closed.set()


@pytest.fixture
def source() -> ScriptedSource:
    return ScriptedSource()


def seq(event: Event) -> int:
    return event.seq


async def seqs(fanout: EventFanout[int], after: int = 0) -> list[int]:
    return [one async for one in fanout.watch(JOB, after=after)]


async def settle() -> None:
    """Lets every task go on as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize("past", [1, 4], ids=["one by one", "the past at once"])
async def test_every_watcher_gets_what_follows_its_place_over_one_watch_encoded_once(
    source: ScriptedSource, past: int
) -> None:
    encoded: list[int] = []
    fanout = EventFanout(source, lambda event: encoded.append(event.seq) or event.seq)  # type: ignore[func-returns-value]  # notes it
    early = [asyncio.create_task(seqs(fanout, after)) for after in (0, 2, 5)]
    for batch in (EVENTS[:past], *([event] for event in EVENTS[past:5])):
        source.script.put_nowait(batch)
    await settle()
    late = asyncio.create_task(seqs(fanout, 1))
    source.script.put_nowait(EVENTS[5:])
    assert await asyncio.gather(*early, late) == [[1, 2, 3, 4, 5, 6], [3, 4, 5, 6], [6], [2, 3, 4, 5, 6]]
    assert (encoded, source.opened) == ([1, 2, 3, 4, 5, 6], 1)


async def test_the_source_is_left_with_the_last_watcher(source: ScriptedSource) -> None:
    fanout = EventFanout(source, seq)
    source.script.put_nowait(EVENTS[:2])
    first, second = fanout.watch(JOB), fanout.watch(JOB, after=1)
    assert (await anext(first), await anext(second)) == (1, 2)
    await first.aclose()
    await settle()
    assert not source.closed.is_set()
    await second.aclose()
    await asyncio.wait_for(source.closed.wait(), 10)
    source.script.put_nowait(EVENTS)
    assert await seqs(fanout, 4) == [5, 6]
    assert source.opened == 2


async def test_a_watcher_that_does_not_read_is_sent_away_and_holds_nobody_up(source: ScriptedSource) -> None:
    fanout = EventFanout(source, seq, backlog_limit=2)
    source.script.put_nowait(EVENTS[:3])
    async with aclosing(fanout.watch(JOB)) as slow:
        assert await anext(slow) == 1
        awake = asyncio.create_task(seqs(fanout))
        await settle()
        for event in EVENTS[3:]:
            source.script.put_nowait([event])
            await settle()
        assert await awake == [1, 2, 3, 4, 5, 6]
        with pytest.raises(Exhausted) as caught:
            await anext(slow)
    assert (caught.value.reason, caught.value.metadata["last_seq"]) == ("WATCHER_TOO_SLOW", "1")


async def test_a_failure_is_told_to_all_and_whoever_comes_next_finds_the_source_again(source: ScriptedSource) -> None:
    fanout = EventFanout(source, seq)
    watchers = [asyncio.create_task(seqs(fanout)) for _ in range(3)]
    source.script.put_nowait(EVENTS[:1])
    await settle()
    behind = fanout.watch(JOB)
    assert await anext(behind) == 1
    source.script.put_nowait(NotFound("UNKNOWN_JOB", "Gone."))
    for outcome in await asyncio.gather(*watchers, return_exceptions=True):
        assert isinstance(outcome, NotFound)
    source.script.put_nowait(EVENTS)
    assert await seqs(fanout) == [1, 2, 3, 4, 5, 6]
    with pytest.raises(NotFound):
        await anext(behind)


async def test_stopping_ends_every_watch_once_it_has_what_is_here_and_refuses_new_ones(source: ScriptedSource) -> None:
    fanout = EventFanout(source, seq)
    source.script.put_nowait(EVENTS[:2])
    watch = fanout.watch(JOB)
    assert await anext(watch) == 1
    fanout.stop(Unavailable("STOPPING", "Watch again."))
    assert await anext(watch) == 2
    with pytest.raises(Unavailable):
        await anext(watch)
    with pytest.raises(Unavailable):
        await seqs(fanout)
    await asyncio.wait_for(source.closed.wait(), 10)


async def test_a_place_that_is_still_to_come_is_refused_where_the_past_is_known(source: ScriptedSource) -> None:
    for _ in range(3):
        source.script.put_nowait(EVENTS)
    strict = EventFanout(source, seq, strict_after=True)
    assert await seqs(strict, 6) == []
    with pytest.raises(InvalidArgument, match="OUT_OF_RANGE"):
        await seqs(strict, 7)
    assert await seqs(EventFanout(source, seq), 7) == [6], "of the end it has not heard"


async def test_a_watcher_that_has_more_than_is_known_here_is_not_refused(source: ScriptedSource) -> None:
    fanout = EventFanout(source, seq, strict_after=True)
    source.script.put_nowait(EVENTS[:2])
    behind = fanout.watch(JOB, after=1)
    assert await anext(behind) == 2
    ahead = asyncio.create_task(seqs(fanout, 4))
    await settle()
    source.script.put_nowait(EVENTS[2:])  # to the watch that waited first
    source.script.put_nowait(EVENTS)
    assert await ahead == [5, 6]
    assert [one async for one in behind] == [3, 4, 5, 6]
