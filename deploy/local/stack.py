"""Starts the whole system, waits until it serves, watches it, stops it."""

import asyncio
import fcntl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Final

import httpx

from deploy.local.layout import Layout, environment, redis_command, service_commands
from deploy.local.processes import Child

READY_SECONDS: Final = 300.0
"""How long everything together may take to serve; loading models from a cold disk is the long part."""

ROOT: Final = Path(__file__).parents[2]


class StackError(Exception):
    """The stack cannot run; the message is for the person who started it."""


class Stack:
    """A running system."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.children: dict[str, Child] = {}
        """By name: `redis`, `detection`, …, `worker-1`, `gateway`."""

    async def start_child(self, name: str) -> Child:
        """Starts one process by name, again if need be."""
        command = redis_command(self.layout) if name == "redis" else service_commands(self.layout)[name]
        child = await Child.start(
            name, command, environment=environment(self.layout), directory=ROOT, log=self.layout.log(name)
        )
        self.children[name] = child
        return child

    async def until_ended(self) -> Child:
        """Returns the first process that ends by itself."""
        waits = {asyncio.create_task(child.process.wait()): child for child in self.children.values()}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return waits[done.pop()]
        finally:
            for task in waits:
                task.cancel()

    async def stop(self) -> None:
        """Ends everything, the gateway first and Redis last."""
        order = [child for name, child in reversed(self.children.items()) if name != "redis"]
        await asyncio.gather(*(child.stop() for child in order))
        if "redis" in self.children:
            await self.children["redis"].stop()

    async def until_ready(self, report: Callable[[str], None]) -> None:
        """Waits until the gateway says that everything behind it answers; raises StackError."""
        deadline = time.monotonic() + READY_SECONDS
        problem = "nothing answered"
        async with httpx.AsyncClient(base_url=self.layout.url, timeout=2.0) as client:
            while time.monotonic() < deadline:
                for child in self.children.values():
                    if not child.running:
                        raise StackError(f"{child.name} ended while starting:\n{child.last_lines()}")
                try:
                    answer = await client.get("/health/ready")
                except httpx.HTTPError as error:
                    problem = type(error).__name__
                else:
                    if answer.is_success:
                        return
                    problem = answer.text
                report(problem)
                await asyncio.sleep(0.1)  # between two looks at the gateway's health
        raise StackError(f"not ready after {READY_SECONDS:.0f} s: {problem}")


@asynccontextmanager
async def running(layout: Layout, report: Callable[[str], None] = lambda _: None) -> AsyncIterator[Stack]:
    """Runs a stack for the length of a block; ready when the block begins, gone when it has ended."""
    layout.data.mkdir(parents=True, exist_ok=True)
    layout.data.chmod(0o700)  # photos, jobs, logs and secrets are nobody else's on this machine
    lock = (layout.data / "lock").open("w")
    _lock(lock, layout.data)
    stack = Stack(layout)
    try:
        for name in ("redis", *service_commands(layout)):
            report(f"starting {name}")
            await stack.start_child(name)
        await stack.until_ready(report)
        yield stack
    finally:
        report("stopping")
        await stack.stop()
        lock.close()


def _lock(file: IO[str], data: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise StackError(f"another stack uses {data}; set PORT or MODOMO_DATA_DIR") from error
