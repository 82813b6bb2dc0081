"""Starts the whole system, waits until it serves, looks after it, stops it."""

import asyncio
import fcntl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO, Final, NoReturn

import httpx

from deploy.local.errors import Obstacle, ObstacleError, StackError
from deploy.local.layout import Layout, environment, redis_command, service_commands
from deploy.local.processes import Child
from deploy.local.supervisor import Supervisor

READY_SECONDS: Final = 600.0
"""How long everything together may take to serve; loading models from a cold disk is the long part."""

ROOT: Final = Path(__file__).parents[2]


class Stack:
    """A running system."""

    def __init__(self, layout: Layout, *, say: Callable[[str], None] | None = None) -> None:
        """`say` takes one line for each process that is started again; without it none is."""
        self.layout = layout
        self.children: dict[str, Child] = {}
        """By name: `redis`, `detection`, …, `worker-1`, `gateway`."""
        self._supervisor = Supervisor(self.children, self.start_child, say=say)

    async def start_child(self, name: str) -> Child:
        """Starts one process by name, again if need be."""
        command = redis_command(self.layout) if name == "redis" else service_commands(self.layout)[name]
        child = await Child.start(
            name, command, environment=environment(self.layout, name), directory=ROOT, log=self.layout.log(name)
        )
        self.children[name] = child
        return child

    async def supervise(self) -> NoReturn:
        """Starts again what ends by itself, until it is cancelled; raises StackError where that does not help."""
        async with self._client() as client:
            while True:
                await self._supervisor.look()
                if self._supervisor.waits_for_ready and not await _problem(client):
                    self._supervisor.system_is_ready()
                await asyncio.sleep(0.2)  # between two looks at the processes

    async def stop(self) -> None:
        """Ends everything, the gateway first and Redis last."""
        order = [child for name, child in reversed(self.children.items()) if name != "redis"]
        await asyncio.gather(*(child.stop() for child in order))
        if "redis" in self.children:
            await self.children["redis"].stop()

    async def until_ready(self, report: Callable[[str], None]) -> None:
        """Waits until the gateway says that everything behind it answers; raises StackError."""
        deadline = time.monotonic() + READY_SECONDS
        async with self._client() as client:
            while time.monotonic() < deadline:
                await self._supervisor.look()
                problem = await _problem(client)
                if not problem:
                    return
                report(problem)
                await asyncio.sleep(0.1)  # between two looks at the gateway's health
        raise StackError(f"not ready after {READY_SECONDS:.0f} s: {problem}")

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.layout.url, timeout=2.0)


async def _problem(client: httpx.AsyncClient) -> str:
    """Why the gateway is not ready; empty where it is, and with it everything behind it."""
    try:
        if (await client.get("/health/ready")).is_success:
            return ""
        dependencies = (await client.get("/health")).json()["dependencies"]
    except httpx.HTTPError as error:
        return f"the gateway does not answer ({type(error).__name__})"
    waiting = [name for name, dependency in dependencies.items() if not dependency["ready"]]
    return f"waiting for {', '.join(waiting) or 'the gateway'}"


@asynccontextmanager
async def running(
    layout: Layout, report: Callable[[str], None] = lambda _: None, *, say: Callable[[str], None] | None = None
) -> AsyncIterator[Stack]:
    """Runs a stack for the length of a block; ready when the block begins, gone when it has ended.

    With `say`, a process that ends while the system starts is started again, as `Stack.supervise` does later on, and a
    line says so; without, it ends the stack.
    """
    layout.data.mkdir(parents=True, exist_ok=True)
    layout.data.chmod(0o700)  # photos, jobs, logs and secrets are nobody else's on this machine
    lock = (layout.data / "lock").open("w")
    _lock(lock, layout.data)
    stack = Stack(layout, say=say)
    try:
        for name in ("redis", *service_commands(layout)):
            report(f"starting {name}")
            await stack.start_child(name)
        await stack.until_ready(report)
        yield stack
    finally:
        report("stopping")
        stopping = asyncio.ensure_future(stack.stop())
        while not stopping.done():
            with suppress(asyncio.CancelledError):  # whoever cancels meanwhile must not leave processes behind
                await asyncio.shield(stopping)
        lock.close()
        stopping.result()


def _lock(file: IO[str], data: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        remedy = "make run MODOMO_DATA_DIR=… with another directory, or end the other"
        raise ObstacleError([Obstacle(what=f"another stack uses {data}", remedy=remedy)]) from error
