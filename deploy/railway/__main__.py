"""Starts the processes, and ends them all when one ends or the platform says so."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Final

from deploy.local.processes import Child
from deploy.railway.variables import variables

PROCESSES: Final = {
    "models": ("deploy.railway.models",),
    "notifier": ("notifier",),
    "worker": ("gateway", "worker"),
    "api": ("gateway", "api"),
}
"""Module and arguments of each, those first that others call."""

FIRST_TO_STOP: Final = ("api", "worker")
"""What brings work to the others, which wait for it to end."""


async def main() -> int:
    """Runs until a process ends by itself, which is an error, or until SIGTERM; returns the exit status."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    children: dict[str, Child] = {}
    try:
        for name, (module, *arguments) in PROCESSES.items():
            children[name] = await Child.start(
                name,
                [sys.executable, "-m", module, *arguments],
                environment=variables(os.environ),
                directory=Path.cwd(),
                log=None,
            )
        waits = {asyncio.create_task(child.process.wait()): name for name, child in children.items()}
        stop = asyncio.create_task(stopping.wait())
        done, _ = await asyncio.wait([*waits, stop], return_when=asyncio.FIRST_COMPLETED)
    finally:
        await asyncio.gather(*(child.stop() for name, child in children.items() if name in FIRST_TO_STOP))
        await asyncio.gather(*(child.stop() for child in children.values()))
    ended = [name for wait, name in waits.items() if wait in done]
    if not ended:
        return 0
    sys.stderr.write(f"{ended[0]} ended by itself; its last line says why\n")
    return children[ended[0]].process.returncode or 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
