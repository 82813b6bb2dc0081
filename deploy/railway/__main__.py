"""Starts the processes, and ends them all when one ends or the platform says so."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Final

from deploy.local.processes import Child
from deploy.railway.variables import variables

PROCESSES: Final = {"models": "deploy.railway.models", "front": "deploy.railway.front"}
"""Module of each, in the order of their start. They end in the other order: what brings work, then what does it."""


async def main() -> int:
    """Runs until a process ends by itself, which is an error, or until SIGTERM; returns the exit status."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    children: dict[str, Child] = {}
    try:
        told = variables(os.environ)
        for name, module in PROCESSES.items():
            command = [sys.executable, "-m", module]
            children[name] = await Child.start(name, command, environment=told, directory=Path.cwd(), log=None)
        waits = {asyncio.create_task(child.process.wait()): name for name, child in children.items()}
        stop = asyncio.create_task(stopping.wait())
        done, _ = await asyncio.wait([*waits, stop], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for child in reversed(children.values()):
            await child.stop()
    ended = [name for wait, name in waits.items() if wait in done]
    if not ended:
        return 0
    sys.stderr.write(f"{ended[0]} ended by itself; its last line says why\n")
    return children[ended[0]].process.returncode or 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
