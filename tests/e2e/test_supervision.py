"""`make run` while its processes are killed, one after the other, and when it is told to end."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]  # none are published with it
import pytest
import websockets

from deploy.local import ports
from tests.e2e.app import ENDINGS, App
from tests.fixtures.sample_room import sample_room

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
COMMANDS = {
    "redis": "valkey-server",
    "detection": "-m detection",
    "controlmaps": "-m controlmaps",
    "diffusion": "-m tests.e2e.slow_diffusion",
    "notifier": "-m notifier",
    "worker-1": "-m gateway worker",
    "firstlook": "-m gateway firstlook",
    "gateway": "-m gateway api",
}
"""What each process's command line holds."""
BEFORE_DIFFUSION = {"detection", "controlmaps"}
"""Their work is over when the first step is done."""


class MakeRun:
    """A `make run` of one's own, whose diffusion takes its time."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, terminal: Path) -> None:
        self.process = process
        self.url = url
        self._terminal = terminal

    def terminal(self) -> str:
        """What it has said."""
        return self._terminal.read_text()

    def pids(self) -> dict[str, int]:
        """Of its processes, by name."""
        return dict(_named(psutil.Process(self.process.pid).children(recursive=True)))

    async def ready(self) -> None:
        """Returns once everything answers."""
        async with httpx.AsyncClient(base_url=self.url, timeout=5.0) as client:
            while True:
                with suppress(httpx.HTTPError):
                    if (await client.get("/health/ready")).is_success:
                        return
                assert self.process.returncode is None, self.terminal()
                await asyncio.sleep(0.1)  # between two questions


def _named(processes: list[psutil.Process]) -> Iterator[tuple[str, int]]:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            line = " ".join(process.cmdline())
            yield from ((name, process.pid) for name, part in COMMANDS.items() if part in line)


@asynccontextmanager
async def make_run(folder: Path, *, tty: int | None = None) -> AsyncIterator[MakeRun]:
    """Ready when the block begins, gone when it has ended; speaks to a terminal where one is given."""
    (port,) = ports.free(1)
    terminal = folder / "terminal"
    slow = {"SLOW_DIFFUSION_STEPS": str(folder / "steps"), "SLOW_DIFFUSION_STEP_COUNT": "20"}
    with terminal.open("wb") as file:
        output = file if tty is None else tty
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.e2e.run_slowly", str(port), str(folder / "data")),
            cwd=ROOT,
            env={**os.environ, **slow},
            stdout=output,
            stderr=output,
        )
    one = MakeRun(process, f"http://127.0.0.1:{port}", terminal)
    try:
        await one.ready()
        yield one
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()


@contextmanager
def held(pid: int, *, when: bool) -> Iterator[None]:
    """A process that does not get on with its work, and is killed at the end of the block."""
    if when:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)


async def follow(run: MakeRun, socket_path: str, seqs: list[int]) -> str:
    """Follows a job as the app does: whenever the connection breaks it comes back with the last number it has seen."""
    while run.process.returncode is None:
        with suppress(OSError, websockets.WebSocketException):
            async with websockets.connect(f"{socket_path}?after={seqs[-1] if seqs else 0}") as socket:
                async for message in socket:
                    event: dict[str, Any] = json.loads(message)
                    seqs.append(event["seq"])
                    if event["status"] in ENDINGS:
                        return str(event["status"])
        await asyncio.sleep(0.2)  # between two tries to come back
    raise AssertionError(run.terminal())


async def test_whoever_is_killed_comes_back_and_every_job_ends_exactly_once(tmp_path: Path) -> None:
    async with make_run(tmp_path) as run, App(run.url) as app:
        jobs: list[str] = []
        for name in COMMANDS:
            pid = run.pids()[name]
            seqs: list[int] = []
            with held(pid, when=name in BEFORE_DIFFUSION):
                job = await app.submit(sample_room())
                socket_path = job["websocket_url"].partition("?")[0]
                following = asyncio.create_task(follow(run, socket_path, seqs))
                if name in BEFORE_DIFFUSION:
                    while not seqs:  # noqa: ASYNC110 - the worker has begun with what waits for the held one
                        await asyncio.sleep(0.05)
                    await asyncio.sleep(0.5)  # its call is under way
                else:
                    await app.step(job["websocket_url"], 2)
            assert await following == "completed", (name, run.terminal())
            assert seqs == list(range(1, len(seqs) + 1)), name
            await run.ready()
            assert run.pids()[name] != pid
            jobs.append(job["job_id"])
        for job_id in jobs:
            events = await app.events(f"{run.url.replace('http', 'ws')}/ws/transform/{job_id}")
            assert [event["status"] for event in events if event["status"] in ENDINGS] == ["completed"]
        said = run.terminal()
        for name in COMMANDS:
            assert said.count(f"{name} was killed (SIGKILL); starting it again in ") == 1, said
        assert '"event"' not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
async def test_nothing_is_left_behind_however_it_ends(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C, `kill`, a closed terminal, and an end without a chance to end anything (on Linux)."""
    async with make_run(tmp_path) as run:
        first = run.pids()
        if number == signal.SIGKILL:  # also of one that was started again
            os.kill(first["worker-1"], signal.SIGKILL)
            while run.pids().get("worker-1", first["worker-1"]) == first["worker-1"]:  # noqa: ASYNC110 - a process of its own
                await asyncio.sleep(0.05)
        children = [psutil.Process(pid) for pid in run.pids().values()]
        assert len(children) == len(COMMANDS)
        run.process.send_signal(number)
        status = await run.process.wait()
        assert status == (-number if number == signal.SIGKILL else 0), run.terminal()
        if number == signal.SIGKILL:  # the kernel tells them, and they end by themselves
            _, children = await asyncio.to_thread(psutil.wait_procs, children, 30)
        assert [child for child in children if child.is_running()] == []


async def test_nothing_is_left_behind_where_the_terminal_goes_without_a_signal(tmp_path: Path) -> None:
    """As under `ssh -t HOST make run`, where make alone is told."""
    ours, theirs = os.openpty()
    async with make_run(tmp_path, tty=theirs) as run:
        os.close(theirs)
        children = [psutil.Process(pid) for pid in run.pids().values()]
        os.close(ours)
        await asyncio.wait_for(run.process.wait(), 30)
        assert [child for child in children if child.is_running()] == []
