"""Processes that end by themselves: when they are started again, and when that is given up."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local import supervisor
from deploy.local.errors import StackError
from deploy.local.log_excerpt import complaint
from deploy.local.processes import Child
from deploy.local.supervisor import MAX_EARLY_DEATHS, Supervisor
from servicekit.backoff import Backoff

DIES = """echo '{"event": "cannot start", "level": "critical", "problem": "no room"}'; exit 3"""
WRONG_SETTING = """echo '{"event": "cannot start", "level": "critical", "problem": "X: wrong"}'; exit 78"""
LIVES = "exec sleep 60"


class Family:
    """One child, of a command that may change; what is said of it."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "logs" / "one.log"
        self.children: dict[str, Child] = {}
        self.command = DIES
        self.starts = 0
        self.said: list[str] = []

    async def start(self, name: str) -> None:
        self.starts += 1
        self.children[name] = await Child.start(
            name, ["/bin/sh", "-c", self.command], environment={}, directory=Path.cwd(), log=self._log
        )

    async def look(self, supervisor: Supervisor, *, until_starts: int) -> None:
        """Looks until the child has been started so often, and has ended or lives."""
        async with asyncio.timeout(20):
            while self.starts < until_starts:
                await self.look_once(supervisor)

    async def look_once(self, supervisor: Supervisor) -> None:
        await supervisor.look()
        await asyncio.sleep(0.01)


@pytest.fixture
async def family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Family]:
    monkeypatch.setattr(supervisor, "Backoff", lambda **_: Backoff(first=0.01, longest=0.02))
    one = Family(tmp_path)
    yield one
    for child in one.children.values():
        await child.stop()


async def test_one_that_never_becomes_ready_is_given_up_in_plain_words(family: Family) -> None:
    watched = Supervisor(family.children, family.start, say=family.said.append)
    await family.start("one")
    with pytest.raises(StackError) as given_up:
        await family.look(watched, until_starts=MAX_EARLY_DEATHS + 1)
    assert family.starts == MAX_EARLY_DEATHS
    message = str(given_up.value)
    assert f"one ended with status 3 before it was ready {MAX_EARLY_DEATHS} times in a row" in message
    assert message.endswith("\ncannot start: no room")
    assert "{" not in message
    assert len(family.said) == MAX_EARLY_DEATHS - 1
    assert all(line.startswith("one ended with status 3; starting it again in 0.0 s") for line in family.said)


async def test_a_wrong_setting_is_not_tried_again(family: Family) -> None:
    family.command = WRONG_SETTING
    watched = Supervisor(family.children, family.start, say=family.said.append)
    await family.start("one")
    with pytest.raises(StackError, match="cannot start: X: wrong"):
        await family.look(watched, until_starts=2)
    assert family.said == []


async def test_without_somebody_to_tell_the_first_end_is_one_too_many(family: Family) -> None:
    watched = Supervisor(family.children, family.start, say=None)
    await family.start("one")
    with pytest.raises(StackError, match="no room"):
        await family.look(watched, until_starts=2)


async def test_one_that_had_become_ready_has_all_its_tries_again(
    family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "PROBATION_SECONDS", 0.0)
    watched = Supervisor(family.children, family.start, say=family.said.append)
    await family.start("one")
    await family.look(watched, until_starts=MAX_EARLY_DEATHS - 1)
    family.command = LIVES
    await family.look(watched, until_starts=MAX_EARLY_DEATHS)
    assert watched.waits_for_ready
    watched.system_is_ready()
    assert not watched.waits_for_ready
    child = family.children["one"]
    child.process.kill()
    await child.process.wait()
    await family.look(watched, until_starts=MAX_EARLY_DEATHS + 1)
    assert family.said[-1].startswith("one was killed (SIGKILL); starting it again in ")
    assert family.children["one"].running


async def test_one_that_has_just_started_is_not_ready_yet(family: Family) -> None:
    family.command = LIVES
    watched = Supervisor(family.children, family.start, say=family.said.append)
    await family.start("one")
    watched.system_is_ready()
    assert watched.waits_for_ready
    family.children["one"].started = time.monotonic() - supervisor.PROBATION_SECONDS - 1
    watched.system_is_ready()
    assert not watched.waits_for_ready


def test_a_complaint_is_the_worst_that_a_log_holds() -> None:
    log = '{"event": "listening", "level": "info"}\n{"event": "bad", "level": "error", "error": "b"}\nend\n'
    assert complaint(log) == "bad: b"
    fatal = '{"event": "uncaught", "level": "critical", "exception": "Traceback\\n  x\\nValueError: no"}\n'
    assert complaint(log + fatal + log) == "uncaught: ValueError: no"
    assert complaint('{"event": "listening", "level": "info"}\nOut of memory\n') == "listening\nOut of memory"
    assert complaint("") == ""
